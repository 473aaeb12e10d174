"""Catalogues as they are published: made from a few lines, with the version of their text."""

import hashlib
from datetime import UTC, datetime

from headchef_contracts.events.catalog import CatalogPublished

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)

ONE_MODEL = """# Reviewed.
defaults: {model: small}
providers: {acme: {base_url: "http://127.0.0.1:1/v1"}}
lanes: {default: {provider: acme}}
models: {small: {lane: default, prices: {input: 1, output: 2}}}
"""


def version_of(text: str) -> str:
    """Give the version of a catalogue's text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_published(text: str = ONE_MODEL, name: str = "default", version: str | None = None) -> CatalogPublished:
    """Make the event."""
    return CatalogPublished(
        name=name, catalog_version=version or version_of(text), text=text, file="catalogue.yaml", published_at=AT
    )
