"""Counts the unfinished jobs of a scope, from what was submitted and what has ended. Pure: records in, counts out."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from headchef_contracts import cloudevents, placement
from headchef_contracts.events.brakes import BrakeScope, scopes_of

from headchef.runtime.log.port import Record

Place = tuple[str, int, int]


class _Name(NamedTuple):
    tenant: str
    job_id: str
    run: int
    revision: int


class Count:
    """Takes the records of a scope's topics, in any order.

    Args:
        scope: whose jobs are counted.
        partitions: of `jobs.submitted`. A copy outside a job's home is not one more job.
    """

    def __init__(self, scope: BrakeScope, partitions: int) -> None:
        self.newest_ms = 0
        self._scope = scope.name
        self._partitions = partitions
        self._at_home: dict[Place, _Name] = {}
        self._elsewhere: dict[Place, _Name] = {}
        self._refused: set[Place] = set()
        self._ended: set[_Name] = set()
        self._steps: dict[tuple[_Name, int], None] = {}
        self._completed: set[tuple[_Name, int]] = set()

    def submitted(self, topic: str, record: Record) -> None:
        """Take a record of a front door; what is no job is refused, and not counted.

        Args:
            topic: logical name.
            record: as it lies in the log.
        """
        job = _mapping(_json(record.value))
        if cloudevents.is_structured(record.headers):
            job = _mapping(job.get("data"))
        if (name := self._counted(job, record.timestamp_ms)) is None:
            return
        home = placement.home_partition(name.job_id, _text(job.get("conversation_id")), self._partitions)
        places = self._at_home if home == record.partition else self._elsewhere
        places[topic, record.partition, record.offset] = name

    def dispatched(self, record: Record) -> None:
        """Take a step that was sent to a lane."""
        step = _step(record)
        if (name := self._counted(_mapping(step.get("job")), record.timestamp_ms, _lane(step))) is not None:
            self._steps[name, step.get("plan", 0)] = None

    def refused(self, record: Record) -> None:
        """Take a refusal: of one record, whatever else there is of the job."""
        source = _mapping(_mapping(_json(record.value)).get("source"))
        self._refused.add((source.get("topic", ""), source.get("partition", 0), source.get("offset", 0)))

    def finished(self, record: Record) -> None:
        """Take a result."""
        if (name := _name(_mapping(_mapping(_json(record.value)).get("job")))) is not None:
            self._ended.add(name)

    def completed(self, record: Record) -> None:
        """Take the end of a step."""
        step = _step(record)
        if (name := _name(_mapping(step.get("job")))) is not None:
            self._completed.add((name, step.get("plan", 0)))

    def by_tenant(self) -> Mapping[str, int]:
        """Give how many jobs of each tenant are not finished, the most first."""
        at_home = {name for place, name in self._at_home.items() if place not in self._refused}
        # One that is not at home yet is on its way there; one whose copy at home was refused has ended.
        elsewhere = {name for place, name in self._elsewhere.items() if place not in self._refused}
        coming = elsewhere - set(self._at_home.values())
        steps = {name for name, plan in self._steps if (name, plan) not in self._completed}
        left = (at_home | coming | steps) - self._ended
        return dict(Counter(name.tenant for name in sorted(left)).most_common())

    def _counted(self, job: Mapping[str, Any], timestamp_ms: int, lane: str | None = None) -> _Name | None:
        """Give a job's name, if it is of the scope."""
        name = _name(job)
        if name is None:
            return None
        mine = scopes_of(
            tenant=name.tenant,
            job_id=name.job_id,
            batch_id=job.get("batch_id"),
            labels=_mapping(job.get("labels")),
            lane=lane,
        )
        if self._scope not in mine:
            return None
        self.newest_ms = max(self.newest_ms, timestamp_ms)
        return name


def _name(job: Mapping[str, Any]) -> _Name | None:
    job_id = _text(job.get("job_id"))
    tenant = _text(job.get("tenant", "default"))
    if job_id is None or tenant is None:
        return None
    return _Name(tenant, job_id, _number(job.get("run")), _number(job.get("revision")))


def _step(record: Record) -> Mapping[str, Any]:
    return _mapping(_mapping(_json(record.value)).get("step"))


def _lane(step: Mapping[str, Any]) -> str | None:
    return _text(_mapping(step.get("request")).get("lane"))


def _json(value: bytes | None) -> Any:
    try:
        return orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
