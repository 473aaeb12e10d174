"""What a world has left on its log: events as a read_committed reader sees them, and every byte of it to compare."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from headchef_contracts import topics

from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Partition, Record
from tests.simulation.bodies import Named
from tests.simulation.oracle import Job, job_of
from tests.simulation.services import INPUTS, LANES, SERVICES, pair
from tests.simulation.trail import Spot, lost_by, names_a_loss, spot_of
from tests.simulation.world import group_of, name_of

DISPATCHED = {lane: pair(f"steps.dispatched.{lane}") for lane in LANES}
"""By lane."""

ALL_DISPATCHED = tuple(topic for both in DISPATCHED.values() for topic in both)
STEPS = (*pair("steps.planned"), "steps.completed", "steps.judged")
RESERVATIONS = "reservations.asked"
"""What is asked for and given back, in the order in which it is decided; some of it is of no job."""

CALLS = tuple(
    topic for kind in ("calls", "fetches", "retrievals") for topic in (*pair(f"{kind}.planned"), f"{kind}.ended")
)
EVENT_TOPICS = (
    *ALL_DISPATCHED,
    *STEPS,
    *CALLS,
    "reservations.answered",
    "reviews",
    "cache.settled",
    "attempts.recorded",
    "jobs.finished",
    "jobs.refused",
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event on the log.

    Attributes:
        id: its `ce_id`.
        record: as it was read.
        data: its JSON, with large bodies in it.
    """

    id: str
    record: Record
    data: Mapping[str, Any]

    @property
    def spot(self) -> Spot:
        """Where it lies."""
        return spot_of(self.record)

    @property
    def cause(self) -> Spot:
        """Where the record lies that it follows from."""
        first = self.data["decided"]["causes"][0]
        return Spot(first["topic"], first["partition"], first["offset"])

    @property
    def job(self) -> Job:
        """The job that it belongs to."""
        return job_of(self.head)

    @property
    def head(self) -> Mapping[str, Any]:
        """What all events of that job repeat."""
        head: Mapping[str, Any] = self.data["job"] if "job" in self.data else self.data["step"]["job"]
        return head

    @property
    def unit(self) -> tuple[str, str | None]:
        """The step, and the item of it."""
        about = self.data.get("step", self.data)
        return about.get("step_id", "main"), about.get("item")

    @property
    def plan(self) -> int:
        """The step's plan; 0 for the first one."""
        return int(self.data.get("step", self.data).get("plan", 0))

    @property
    def cost_usd(self) -> Decimal | None:
        """What it says that was paid; None for unknown."""
        cost = self.data.get("cost_usd")
        return None if cost is None else Decimal(cost)


def events(cluster: Cluster, topic: str, named: Named) -> list[Happened]:
    """Give the events of a topic, partition by partition; what was put there to poison it is left out."""
    found = []
    for record in cluster.read_committed(name_of(topic)):
        if record.value is not None and record.value.startswith(b"{"):
            event_id = dict(record.headers)["ce_id"] or b""
            found.append(Happened(event_id.decode(), record, named.opened(orjson.loads(record.value))))
    return found


def dead_letters(cluster: Cluster) -> dict[str, list[Record]]:
    """Give the dead letters of what was read, by logical name of the topic that they come from."""
    letters = {topic: cluster.read_committed(name_of(f"{topic}.dlq")) for topic in INPUTS}
    return {topic: [each for each in found if not names_a_loss(each)] for topic, found in letters.items()}


def expired(cluster: Cluster) -> set[Spot]:
    """Give every offset that a dead letter names as expired unread."""
    letters = (each for topic in INPUTS for each in cluster.read_committed(name_of(f"{topic}.dlq")))
    return {spot for letter in letters if names_a_loss(letter) for spot in lost_by(letter)}


def contents(cluster: Cluster) -> Sequence[bytes]:
    """Write down the whole log: all records, aborted ones too, where each partition ends, and every group's places."""
    lines = []
    for topic in topics.required(LANES):
        for *place, value, headers in cluster.read_all(name_of(topic.logical)):
            # The value as it is: writing it as Python does would take longer than all the rest.
            lines += [repr((place, headers, value is None)).encode(), value or b""]
        logs = cluster.topic(name_of(topic.logical)).partitions
        lines += [f"{topic.logical} {log.start} {log.stable_end} {log.end}".encode() for log in logs]
    for service, about in SERVICES.items():
        counts = cluster.partition_counts([name_of(topic) for topic in about.inputs])
        wanted = [Partition(name, number) for name, count in counts.items() for number in range(count)]
        places = cluster.group(group_of(service)).offsets.of(wanted)
        lines += [f"{service} {each!r}".encode() for each in places.items()]
    return lines


def digest(cluster: Cluster) -> str:
    """Give one word that differs where any byte of the log does."""
    return hashlib.sha256(b"\n".join(contents(cluster))).hexdigest()
