"""Addresses of sources: how they are read, which hosts they may name, and how they are shown. Pure."""

from collections.abc import Collection
from ipaddress import ip_address

from yarl import URL

from headchef.sources.errors import FetchFailed
from headchef.sources.public import IP

_PORTS = {"http": 80, "https": 443}
_NO_HOST = frozenset(" /\\?#@*")
_LONGEST_SHOWN = 200
_LONGEST_LABEL = 63
"""Characters between two dots of a name (RFC 1035)."""
_UNREADABLE = (ValueError, IndexError)
"""What yarl raises for what is no address; the second one by mistake, for `http://a][b@`."""

Host = tuple[str, int | None]
"""A name or IP address as it goes over the wire, and a port; None for the scheme's own."""


def host_of(entry: str) -> Host:
    """Read one entry of a list of hosts, such as `pim.example.com`, `bücher.example` or `pim.internal:8443`.

    Raises:
        ValueError: it is none; says what would be right.
    """
    wrong = f"{entry[:80]!r} is no host; leave scheme, path and wildcards out"
    if not entry.strip() or _NO_HOST & set(entry):
        raise ValueError(wrong)
    try:
        url = URL(f"http://{entry}")
    except _UNREADABLE as error:
        raise ValueError(wrong) from error
    if not url.raw_host or not _is_name(url.raw_host):
        raise ValueError(wrong)
    return url.raw_host, url.explicit_port


def _is_name(host: str) -> bool:
    """Say whether the parts of a name are as long as they may be; the dot at the end of one that is whole is none."""
    return ":" in host or all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split("."))


def permitted(url: URL, allow_hosts: Collection[Host]) -> None:
    """See that an address may be asked, as far as it can be seen without its IP addresses.

    Raises:
        FetchFailed: it has another scheme than http and https, credentials, no host, or one that is not in the list.
    """
    if url.scheme not in _PORTS:
        raise FetchFailed("bad_address", f"{shown(url)} is neither http nor https")
    if url.user is not None or url.password is not None:
        raise FetchFailed("bad_address", f"{shown(url)} has credentials in the address; leave them out")
    if not url.raw_host or not _is_name(url.raw_host):
        raise FetchFailed("bad_address", f"{shown(url)} names no host")
    port = None if url.port == _PORTS[url.scheme] else url.port
    # A list may name the usual port too.
    if (url.raw_host, port) not in allow_hosts and (url.raw_host, url.port) not in allow_hosts:
        host = url.raw_host if port is None else f"{url.raw_host}:{port}"
        raise FetchFailed("host_not_allowed", f"{host[:_LONGEST_SHOWN]} is not in `allow_hosts`; name it there")


def read_address(text: str) -> URL:
    """Read an address.

    Raises:
        FetchFailed: it is none.
    """
    try:
        # Bytes of a header that are no UTF-8 would be in messages, which then could not be written.
        return URL(text.strip().encode().decode())
    except _UNREADABLE as error:
        # The reader's words may hold the address itself, with its query.
        raise FetchFailed("bad_address", "the address cannot be read; such as https://pim.example.com/facts") from error


def joined(url: URL, location: str) -> URL:
    """Read an address that may be told from where another one lies.

    Raises:
        FetchFailed: it is none.
    """
    target = url.join(read_address(location))
    try:
        # What was joined is taken apart only now, when somebody looks at it.
        whole = str(target)
    except _UNREADABLE as error:
        raise FetchFailed("bad_address", f"{shown(url)} leads to what is no address") from error
    return read_address(whole)


def literal(host: str) -> IP | None:
    """Give the IP address that stands in place of a name; None for a name.

    Raises:
        FetchFailed: it is neither, such as 127.1 or 2130706433, which some systems take for an IP address.
    """
    try:
        return ip_address(host)
    except ValueError:
        if ":" in host or host.replace(".", "").isdigit():
            raise FetchFailed("bad_address", f"{host[:_LONGEST_SHOWN]} is neither a name nor an IP address") from None
        return None


def shown(url: URL) -> str:
    """Give scheme, host and path: a query may hold a token."""
    host = f"[{url.raw_host}]" if ":" in (url.raw_host or "") else url.raw_host or ""
    port = "" if url.explicit_port is None else f":{url.explicit_port}"
    return f"{url.scheme}://{host}{port}{url.raw_path}"[:_LONGEST_SHOWN]
