"""Values that are to be unique on a site: when two are the same, and what the account of each is called. Pure."""

import unicodedata

from headchef.account_names import escaped, read


def compared(value: str) -> str:
    """Give a value as it is compared: two that give the same are the same.

    Case and the ways in which Unicode writes one letter do not count (Unicode's canonical caseless match), nor does
    how much white space stands between words, and any at the ends.

    Returns:
        A text; empty if there is nothing but white space.
    """
    folded = unicodedata.normalize("NFD", value).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def account_of(tenant: str, site: str, name: str, value: str) -> str:
    """Name the account of a value. Each tenant has its own: none learns what another one has.

    Args:
        tenant: whose job asks.
        site: where the value must be the only one; letter for letter.
        name: what kind of value it is.
        value: in any of the ways to write it.
    """
    return "/".join((escaped(tenant), escaped(site), name, compared(value)))


def parts_of(account: str) -> tuple[str, str, str, str]:
    """Give tenant, site, name and compared value of an account's name."""
    tenant, site, name, value = account.split("/", 3)
    return read(tenant), read(site), name, value
