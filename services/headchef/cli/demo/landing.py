"""The functions that the demo's landing-page workflow calls: they put the page together, and its audit to it."""

from collections.abc import Sequence
from typing import Any


def landing_page(request: dict[str, str], meta: dict[str, str], sections: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Put a page together.

    Args:
        request: the job's input, with service and place.
        meta: title and description.
        sections: each with heading and body.
    """
    service, place = request["service"], request["place"]
    return {
        "title": meta["title"],
        "description": meta["description"],
        "sections": list(sections),
        "jsonld": {
            "@context": "https://schema.org",
            "@type": "Service",
            "name": f"{service} in {place}",
            "areaServed": place,
        },
    }


def audited_page(page: dict[str, Any], audit: dict[str, Any]) -> dict[str, Any]:
    """Add to a page what its audit found.

    Args:
        page: as `landing_page` gives it.
        audit: score and findings.
    """
    return {**page, "audit": {"score": audit["score"], "findings": audit["findings"]}}
