"""What must hold of a tenant that is bound to an entry: nothing comes of what claims it elsewhere."""

from collections.abc import Iterator

from tests.simulation.evidence import Evidence
from tests.simulation.history import EVENT_TOPICS
from tests.simulation.impostor import BOUND

_CLAIM = f'"{BOUND}"'.encode()


def nothing_comes_of_wrong_claims(evidence: Evidence) -> Iterator[str]:
    """Find what was done in the name of a tenant that nobody may claim; that it is refused is for other checks."""
    for topic in EVENT_TOPICS:
        for event in evidence.every(topic):
            if _CLAIM in (event.record.value or b""):
                yield f"{topic} has {event.spot} in the name of {BOUND}"
