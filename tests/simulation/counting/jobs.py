"""What jobs of some batches come to in a world, drawn from its seed: reruns, refusals, and repetitions of all that."""

from dataclasses import dataclass
from random import Random

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobStatus

from headchef.runtime.log.port import NewRecord
from tests.batches.builders import make_finished, make_refused
from tests.simulation.process import NAMESPACE

BATCHES = (("acme", "spring"), ("globex", "spring"), ("acme", "autumn"), ("globex", "winter"))
"""Tenant and id: two tenants use the same one."""

_STATUSES: tuple[JobStatus, ...] = ("ok", "ok", "ok", "rejected", "failed", "cancelled")
_MOST_JOBS = 14


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is written.

    Attributes:
        sizes: how many jobs each batch has.
        records: results and refusals, in the order in which they come.
    """

    sizes: dict[tuple[str, str], int]
    records: list[NewRecord]


def drawn(chance: Random) -> Drawn:
    """Draw what all jobs of a world come to; one job in three says how many there are, and the first one always."""
    sizes = {name: chance.randint(1, _MOST_JOBS) for name in BATCHES}
    told: list[JobFinished | JobRefused] = []
    for (tenant, batch_id), size in sizes.items():
        for number in range(size):
            about = {"tenant": tenant, "batch_id": batch_id}
            named = size if number == 0 or chance.random() < 1 / 3 else None
            told += _endings(chance, f"{batch_id}-{number}", about, named)
    told += [make_finished(f"alone-{number}", batch_id=None) for number in range(5)]
    records = [_record(event, f"event-{number}") for number, event in enumerate(told)]
    records += [record for record in records if chance.random() < 0.15]
    chance.shuffle(records)
    return Drawn(sizes, records)


def _endings(chance: Random, job_id: str, about: dict[str, str], size: int | None) -> list[JobFinished | JobRefused]:
    runs = chance.choice((1, 1, 1, 2))
    made: list[JobFinished | JobRefused] = [
        make_finished(
            job_id,
            status=chance.choice(_STATUSES),
            cost=chance.choice(("0.25", "0.001", None)),
            run=run,
            batch_size=size,
            tenant=about["tenant"],
            batch_id=about["batch_id"],
        )
        for run in range(runs)
    ]
    if chance.random() < 0.2:
        refused = make_refused(job_id, batch_size=size, tenant=about["tenant"], batch_id=about["batch_id"])
        made = [refused] if chance.random() < 0.5 else [refused, *made]
    return made


def _record(event: JobFinished | JobRefused, event_id: str) -> NewRecord:
    topic = "jobs.finished" if isinstance(event, JobFinished) else "jobs.refused"
    attributes = cloudevents.Attributes(event_id, "/simulation", event.event_type, event.version)
    name, headers = topics.physical(NAMESPACE, topic), cloudevents.to_headers(attributes)
    return NewRecord(name, registry.encode(event), topics.key_of(topic, event), headers=headers)
