"""Which IP addresses are public: a source must not lead into the network that asks for it. Pure."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

IP = IPv4Address | IPv6Address

_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out to the public (RFC 4291, and IANA's registry of the IPv6 address space)."""

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""A translator makes an IPv4 address of the last 32 bits (NAT64, RFC 6052)."""


def is_public(address: IP) -> bool:
    """Say whether an address may be anybody's on the Internet.

    An IPv6 address that carries one of IPv4 is what that is: mapped, 6to4 or NAT64.
    """
    if isinstance(address, IPv4Address):
        # Python calls multicast global, which it is; but nobody serves documents there.
        return address.is_global and not address.is_multicast and not address.is_reserved
    if (inner := _carried(address)) is not None:
        return is_public(inner)
    return address in _UNICAST and address.is_global


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
