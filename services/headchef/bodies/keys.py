"""Where a body lies in an object store: a folder for each tenant, and the hash. Pure."""

import re
from hashlib import sha256

from headchef_contracts.events.common import Reference

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}").fullmatch
"""Shorter than a hash, and the same on disks that do not tell capitals from small letters."""


def folder_of(tenant: str) -> str:
    """Give the folder of a tenant's bodies: its name where that is plain, else the hash of its name."""
    return tenant if _PLAIN(tenant) else sha256(tenant.encode(errors="surrogatepass")).hexdigest()


def key_of(tenant: str, reference: Reference) -> str:
    """Give the key of a body."""
    return f"{folder_of(tenant)}/{reference.sha256}"
