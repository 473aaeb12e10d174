"""What must hold where jobs show images: each answer was made by a model that saw those of its job, and no others."""

from collections.abc import Iterator

from tests.simulation.evidence import Evidence
from tests.simulation.images import address_of, told_of


def answers_are_of_the_right_images(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was accepted, whichever call it was made by."""
    for event in evidence.events("jobs.finished"):
        payload = evidence.expected.accepted.get(event.job)
        if payload is None or event.data["status"] != "ok":
            continue
        shown, saw = [address_of(image) for image in payload.get("images", ())], told_of(event.data["output"]["inline"])
        if saw != shown:
            yield f"{event.job} shows {shown}, and its answer was made by who saw {saw}"
