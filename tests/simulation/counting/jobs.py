"""What jobs of some batches come to in a world, drawn from its seed: reruns, refusals, and repetitions of all that.

In every other world some batches have a limit, and most of their answers are bad. Then part of them comes later, when
the batches have been resumed; some of that had ended before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobStatus

from headchef.runtime.log.port import NewRecord
from tests.batches.builders import make_finished, make_refused
from tests.simulation.process import NAMESPACE
from tests.support.builders import NOON

BATCHES = (("acme", "spring"), ("globex", "spring"), ("acme", "autumn"), ("globex", "winter"))
"""Tenant and id: two tenants use the same one."""

RESUMED_AT = NOON + timedelta(seconds=60)

_STATUSES: tuple[JobStatus, ...] = ("ok", "ok", "ok", "rejected", "failed", "cancelled")
_BAD_STATUSES: tuple[JobStatus, ...] = ("rejected", "rejected", "failed", "rejected", "ok", "cancelled")
_MOST_JOBS = 14
_MORE_JOBS = 10
"""Of a batch with a limit."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is written.

    Attributes:
        sizes: how many jobs each batch has.
        records: results and refusals, in the order in which they come.
        later: those that come when batches have been resumed.
        limits: the share that may be bad, of the batches that have one.
        resumed: those of them that are resumed, whether they were paused or not.
    """

    sizes: dict[tuple[str, str], int]
    records: list[NewRecord]
    later: list[NewRecord] = field(default_factory=list)
    limits: dict[tuple[str, str], float] = field(default_factory=dict)
    resumed: frozenset[tuple[str, str]] = frozenset()


def drawn(chance: Random) -> Drawn:
    """Draw what all jobs of a world come to; one job in three says how many there are, and the first one always."""
    sizes = {name: chance.randint(1, _MOST_JOBS) for name in BATCHES}
    limited = [name for name in BATCHES if chance.random() < 0.6] if chance.random() < 0.5 else []
    limits = {name: chance.choice((0.02, 0.1, 0.3)) for name in limited}
    sizes |= {name: sizes[name] + _MORE_JOBS for name in limited}
    told: list[JobFinished | JobRefused] = []
    for (tenant, batch_id), size in sizes.items():
        for number in range(size):
            about = {"tenant": tenant, "batch_id": batch_id, "batch_max_reject_rate": limits.get((tenant, batch_id))}
            named = size if number == 0 or chance.random() < 1 / 3 else None
            told += _endings(chance, f"{batch_id}-{number}", about, named)
    told += [make_finished(f"alone-{number}", batch_id=None) for number in range(5)]
    is_later = [_batch_of(event) in limits and chance.random() < 0.5 for event in told]
    records = [_record(event, f"event-{number}") for number, event in enumerate(told) if not is_later[number]]
    later = [_record(event, f"event-{number}") for number, event in enumerate(told) if is_later[number]]
    resumed = frozenset(name for name in limits if chance.random() < 0.8)
    return Drawn(sizes, _in_any_order(chance, records), _in_any_order(chance, later), limits, resumed)


def _in_any_order(chance: Random, records: Sequence[NewRecord]) -> list[NewRecord]:
    """Give them in any order, some of them twice."""
    told = [*records, *(record for record in records if chance.random() < 0.15)]
    chance.shuffle(told)
    return told


def _batch_of(event: JobFinished | JobRefused) -> tuple[str | None, str | None]:
    about = event.job if isinstance(event, JobFinished) else event
    return about.tenant, about.batch_id


def _endings(chance: Random, job_id: str, about: dict[str, Any], size: int | None) -> list[JobFinished | JobRefused]:
    runs, limit = chance.choice((1, 1, 1, 2)), about["batch_max_reject_rate"]
    made: list[JobFinished | JobRefused] = [
        make_finished(
            job_id,
            status=chance.choice(_STATUSES if limit is None else _BAD_STATUSES),
            cost=chance.choice(("0.25", "0.001", None)),
            run=run,
            batch_size=size,
            finished_at=_ended_at(chance),
            **about,
        )
        for run in range(runs)
    ]
    if chance.random() < 0.2:
        refused = make_refused(job_id, batch_size=size, tenant=about["tenant"], batch_id=about["batch_id"])
        made = [refused] if chance.random() < 0.5 else [refused, *made]
    return made


def _ended_at(chance: Random) -> datetime:
    """Draw when a job ended, on either side of the time at which batches are resumed, whenever that is told."""
    return RESUMED_AT + timedelta(seconds=chance.choice((-58, 1, 2, 3)))


def _record(event: JobFinished | JobRefused, event_id: str) -> NewRecord:
    topic = "jobs.finished" if isinstance(event, JobFinished) else "jobs.refused"
    attributes = cloudevents.Attributes(event_id, "/simulation", event.event_type, event.version)
    name, headers = topics.physical(NAMESPACE, topic), cloudevents.to_headers(attributes)
    return NewRecord(name, registry.encode(event), topics.key_of(topic, event), headers=headers)
