"""Which addresses may be asked, as far as it can be seen from them, and what is shown of them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from headchef.sources.address import host_of, literal, permitted, read_address, shown
from headchef.sources.errors import FetchFailed
from headchef.sources.exchange import redirected


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("pim.example.com", ("pim.example.com", None)),
        ("PIM.example.COM", ("pim.example.com", None)),
        ("pim.internal:8443", ("pim.internal", 8443)),
        ("bücher.example", ("xn--bcher-kva.example", None)),
        ("xn--bcher-kva.example", ("xn--bcher-kva.example", None)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_a_host_is_read_as_it_goes_over_the_wire(entry: str, host: object) -> None:
    assert host_of(entry) == host


@pytest.mark.parametrize(
    "entry",
    [
        *("", " ", "https://pim.example.com", "pim.example.com/facts", "*.example.com", "me@pim.example.com", "a b"),
        *("pim.example.com:x", "pim.example.com:70000", "pim.example.com?a=1", "a\\b", ":80", "[::1"),
        *("pim..example.com", ".example.com", "a" * 64 + ".example.com"),
    ],
)
def test_what_is_no_host_is_told_what_would_be_right(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is no host; leave scheme, path and wildcards out"):
        host_of(entry)


@pytest.mark.parametrize(
    ("address", "entries", "reason"),
    [
        ("https://pim.example.com/a", ["pim.example.com"], None),
        ("http://PIM.example.com", ["pim.Example.com"], None),
        ("https://pim.example.com:443/", ["pim.example.com"], None),
        ("https://pim.example.com/", ["pim.example.com:443"], None),
        ("https://BÜCHER.example/", ["bücher.example"], None),
        ("https://xn--bcher-kva.example/", ["bücher.example"], None),
        ("https://pim.example.com:8443/", ["pim.example.com:8443"], None),
        ("https://pim.example.com:8443/", ["pim.example.com"], "host_not_allowed"),
        ("https://pim.example.com/", ["pim.example.com:8443"], "host_not_allowed"),
        ("http://pim.example.com:443/", ["pim.example.com"], "host_not_allowed"),
        ("https://www.pim.example.com/", ["pim.example.com"], "host_not_allowed"),
        ("https://example.com/", ["pim.example.com"], "host_not_allowed"),
        ("https://pim.example.com.evil.example/", ["pim.example.com"], "host_not_allowed"),
        ("https://pim.example.com./", ["pim.example.com"], "host_not_allowed"),
        ("https://pim.example.com@evil.example/", ["pim.example.com"], "bad_address"),
        ("https://me:secret@pim.example.com/", ["pim.example.com"], "bad_address"),
        ("ftp://pim.example.com/", ["pim.example.com"], "bad_address"),
        ("file:///etc/passwd", ["pim.example.com"], "bad_address"),
        ("//pim.example.com/", ["pim.example.com"], "bad_address"),
        ("pim.example.com", ["pim.example.com"], "bad_address"),
        ("", ["pim.example.com"], "bad_address"),
    ],
)
def test_scheme_credentials_and_host_are_looked_at(address: str, entries: list[str], reason: str | None) -> None:
    hosts = [host_of(entry) for entry in entries]
    if reason is None:
        permitted(read_address(address), hosts)
        return
    with pytest.raises(FetchFailed) as failed:
        permitted(read_address(address), hosts)
    assert failed.value.reason == reason
    assert "secret" not in failed.value.message


@pytest.mark.parametrize("host", ["127.1", "2130706433", "1.2.3", "127.0.0.01", "1.2.3.4.5", "1::2::3"])
def test_a_number_that_is_no_ip_address_is_no_name_either(host: str) -> None:
    with pytest.raises(FetchFailed) as failed:
        literal(host)
    assert failed.value.reason == "bad_address"


@pytest.mark.parametrize(
    ("location", "target"),
    [("/b", "https://a.example/b"), ("//b.example/c", "https://b.example/c"), ("?q=2", "https://a.example/x/y?q=2")],
)
def test_a_redirect_is_read_from_where_it_was_found(location: str, target: str) -> None:
    assert redirected(URL("https://a.example/x/y?q=1"), location) == URL(target)


@pytest.mark.parametrize(
    ("location", "reason"),
    [("http://a.example/x", "forbidden_redirect"), ("http://[", "bad_address"), ("//[a:b:]", "bad_address")],
)
def test_no_redirect_leads_out_of_https_or_nowhere(location: str, reason: str) -> None:
    with pytest.raises(FetchFailed) as failed:
        redirected(URL("https://a.example/x"), location)
    assert failed.value.reason == reason


_PIECES = (
    *("http://", "https:", "//", "/", "\\", "@", "?", "#", "[", "]", ":", "::1", "127.0.0.1", "a.example", "%", "%zz"),
    *("//[a:b:]", "//[ :;;:]", "\ud800", "é", "①", " ", "\r\n", "\0", "..", "xn--a", "99999", "ü" * 70),
)


@pytest.mark.parametrize("read", [read_address, partial(redirected, URL("https://a.example/x"))])
@given(text=st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
@example(text="http://a][b@")
@example(text="http://127.0.0.1%..\ud800%zz..\t80")
def test_whatever_stands_in_place_of_an_address_is_refused_in_words_that_can_be_written(
    read: Callable[[str], URL], text: str
) -> None:
    said = ""
    try:
        permitted(read(text), [("b.example", None)])
    except FetchFailed as failed:
        said = failed.message
    assert said.encode() is not None
    with suppress(ValueError):
        host_of(text)


@given(st.text(), st.text(min_size=1), st.text())
def test_no_query_is_shown(path: str, token: str, fragment: str) -> None:
    url = URL.build(scheme="https", host="a.example", path=f"/{path}", query={"token": token}, fragment=fragment)
    assert shown(url) == str(url).partition("?")[0][:200]
