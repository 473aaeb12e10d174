"""Which IP addresses are public, over all of them."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.sources.public import is_public

_SET_ASIDE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96"),
    *("100::/64", "64:ff9b:1::/48", "2001::/32", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
)
"""Networks of IANA's registries of special-purpose addresses, and what was one of them once."""


@given(network=st.sampled_from(_SET_ASIDE), data=st.data())
def test_what_is_set_aside_is_not_public(network: str, data: st.DataObject) -> None:
    assert not is_public(data.draw(st.ip_addresses(network=network)))


@given(st.ip_addresses(v=4), st.integers(0, 2**80 - 1))
def test_an_address_that_carries_another_is_what_that_is(inner: IPv4Address, rest: int) -> None:
    number = int(inner)
    carriers = (
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80 | rest),
    )
    assert {is_public(each) for each in carriers} == {is_public(inner)}


@given(st.ip_addresses(v=6))
def test_of_the_rest_of_ipv6_only_global_unicast_is_public(address: IPv6Address) -> None:
    if is_public(address):
        assert address in IPv6Network("2000::/3") or address.ipv4_mapped or address in IPv6Network("64:ff9b::/96")


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:830::200e"])
def test_others_are(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", ["169.254.169.254", "fd00:ec2::254", "fe80::1%eth0", "::", "::1", "255.255.255.255"])
def test_the_usual_aims_are_not(text: str) -> None:
    assert not is_public(ip_address(text))
