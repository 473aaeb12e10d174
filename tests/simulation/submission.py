"""One record for a front door of a world, and what it is."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from headchef_contracts.topics import physical

from headchef.runtime.log.port import Headers, NewRecord
from tests.simulation.bodies import SharedBodies
from tests.simulation.process import NAMESPACE
from tests.simulation.services import pair

DOORS = pair("jobs.submitted")
"""Where jobs come in, by the class of those that name none."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One record for a front door, and what it is.

    Attributes:
        value: its bytes, unlike those of any other submission with another meaning; None for a tombstone.
        kind: `job`, a `copy` of one in the other door, a record that must be `refused`, or one that is `skipped`.
        payload: the JSON object, where there is one that can be read.
        key: of the record.
        partition: where it is put; None leaves that to the key.
        headers: of the record.
        door: the topic where it is put.
    """

    value: bytes | None
    kind: Literal["job", "copy", "refused", "skipped"]
    payload: dict[str, Any] | None = None
    key: bytes | None = None
    partition: int | None = None
    headers: Headers = ()
    door: str = DOORS[0]

    def record(self) -> NewRecord:
        """Write it as a record."""
        return NewRecord(physical(NAMESPACE, self.door), self.value, self.key, self.partition, self.headers)


def by_reference(submission: Submission, bodies: SharedBodies | None) -> Submission:
    """Let some jobs name what they would else carry; it means the same."""
    value, payload = submission.value, submission.payload
    if bodies is None or value is None or payload is None or submission.kind not in ("job", "copy"):
        return submission
    return replace(submission, value=bodies.with_reference(value, payload))
