"""Holds an address to what any provider's server may be asked for: https, a public name, and no credentials in it.

Nobody here asks for it: it goes to the provider as it was written. So the rules look at the text alone, and a name that
leads to a private machine is the provider's to notice.
"""

import re
from urllib.parse import urlsplit

_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+")
"""Those of RFC 3986, 2."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label like this makes the whole an address of IPv4 (WHATWG's URL standard, "ends in a number")."""

_PRIVATE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "onion", "home.arpa")
"""Ends of names that no public server has: RFC 6761, 6762, 7686 and 8375, ICANN's `internal`, and what offices use."""

_LONGEST_NAME = 253


def address_fault(address: str) -> str | None:
    """Say what is wrong with an address and what would be right, without showing it: it may hold a secret.

    Args:
        address: as somebody wrote it.

    Returns:
        None where nothing is wrong.
    """
    if not address.startswith("https://"):
        return "must begin with https://"
    if not _CHARACTERS.fullmatch(address):
        return "must have only the characters of an address: write others as %20 and the like, and a name in punycode"
    try:
        parts = urlsplit(address)
        name, _ = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return "must be an address such as https://www.example.com/a.png"
    if "@" in parts.netloc:
        return "must hold no user and no password: give an address that anybody can read, or a signed one"
    labels = name.split(".")
    if "[" in parts.netloc or _NUMBER.fullmatch(labels[-1]):
        return "must name its host, such as www.example.com, and not give an IP address"
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        return "must be an address such as https://www.example.com/a.png"
    if len(labels) == 1 or f".{name}".endswith(tuple(f".{end}" for end in _PRIVATE)):
        return "must name a public host, which the provider can reach: send other images in base64"
    return None
