"""The store of large bodies that all processes of some worlds share, and what must hold of what events name."""

import asyncio
from collections.abc import Iterator, Mapping
from hashlib import sha256
from random import Random
from typing import Any
from zlib import crc32

import orjson

from headchef_contracts.events.common import Reference

from headchef.bodies import Bodies, BodyUnusable, StoreAway
from headchef.runtime.surroundings import Surroundings
from tests.simulation.faults import NONE, Faults
from tests.simulation.store import SharedStore
from tests.support.memory_bodies import MemoryBodyStore

_SHARE, _HELPED_SHARE = 0.2, 0.5
"""Of worlds, and of those that call functions too and read documents."""

_INLINE_BYTES = (20, 40)
_KEPT_BYTES = 300
"""Few, so that most bodies are read again."""

_SLOW_S, _REFERRING = 0.5, 3
_BESIDE = {"arguments_reference": "arguments", "said_reference": "said"}
_IN_STATE = ("input", "output")


class SharedBodies:
    """The store: what was put outlives every process.

    Args:
        beside: the store of answers; both are away at the same time.
        faults: how often it misbehaves.
        chance: when.

    Attributes:
        objects: what lies there, by tenant and hash.
        inline_bytes: larger bodies belong here.
        missed: what was asked for and is not there.
    """

    def __init__(self, beside: SharedStore, faults: Faults, chance: Random) -> None:
        self._store = MemoryBodyStore()
        self.objects: Mapping[tuple[str, str], bytes] = self._store.objects
        self.inline_bytes = chance.choice(_INLINE_BYTES)
        self.missed: list[str] = []
        self._beside = beside
        self._faults = faults
        self._chance = chance

    def of(self, surroundings: Surroundings) -> Bodies:
        """Give the bodies of one process."""
        return Bodies(
            self,
            inline_bytes=self.inline_bytes,
            kept_bytes=_KEPT_BYTES,
            clock=surroundings.clock,
            metrics=surroundings.metrics,
        )

    def with_reference(self, value: bytes, payload: Mapping[str, Any]) -> bytes:
        """Have a client lay the input of a job down first, and name it: of every third job, whichever copy of it.

        Args:
            value: the record of the job.
            payload: the job.
        """
        job_id, given = str(payload["job_id"]), payload.get("input")
        if not isinstance(given, dict) or crc32(job_id.encode()) % _REFERRING:
            return value
        data = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
        name = sha256(data).hexdigest()
        self._store.objects[str(payload.get("tenant", "default")), name] = data
        record = orjson.loads(value)
        job = record["data"] if "specversion" in record else record
        job["input"] = {"ref": {"sha256": name, "bytes": len(data), "media_type": "application/json"}}
        return orjson.dumps(record)

    def heal(self) -> None:
        """Work without faults from now on."""
        self._faults = NONE

    async def put(self, tenant: str, reference: Reference, data: bytes) -> None:
        await self._operate()
        await self._store.put(tenant, reference, data)

    async def get(self, tenant: str, reference: Reference) -> bytes:
        await self._operate()
        try:
            return await self._store.get(tenant, reference)
        except BodyUnusable:
            self.missed.append(f"{reference.sha256} was asked for by {tenant}, and is not there")
            raise

    async def _operate(self) -> None:
        slow = self._chance.random() < self._faults.slow_store
        await asyncio.sleep(_SLOW_S * self._chance.random() if slow else 0)
        if self._beside.away or self._chance.random() < self._faults.failing_store:
            raise StoreAway("the simulated store does not answer")


def drawn_bodies(beside: SharedStore, faults: Faults, chance: Random, *, helped: bool) -> SharedBodies | None:
    """Draw the store of a world: most have none, and keep all bodies in their events."""
    share = _HELPED_SHARE if helped else _SHARE
    return SharedBodies(beside, faults, chance) if chance.random() < share else None


class Named:
    """What the events of a world name, and what they carry themselves.

    Args:
        bodies: the store; None where there is none.
    """

    def __init__(self, bodies: SharedBodies | None) -> None:
        self._bodies = bodies

    def opened(self, data: Any) -> Any:
        """Give an event as a handler sees it."""
        if self._bodies is None:
            return data
        return _opened(data, _tenant_of(data), self._bodies.objects)

    def violations(self, place: str, data: Any) -> Iterator[str]:
        """Say what is too large for an event, and what it names that is not there or not what it says."""
        if self._bodies is None:
            return
        tenant = _tenant_of(data)
        for found in _references_in(data):
            lies = self._bodies.objects.get((tenant, found["sha256"]))
            if lies is None or len(lies) != found["bytes"] or sha256(lies).hexdigest() != found["sha256"]:
                yield f"{place} names {found}, and of {tenant} there lies {lies!r}"
        for value in _values_in(data):
            if (size := len(value.encode() if isinstance(value, str) else orjson.dumps(value))) > self._limit:
                yield f"{place} carries {size} bytes itself: {value!r}"

    @property
    def _limit(self) -> float:
        return float("inf") if self._bodies is None else self._bodies.inline_bytes


def in_state(value: bytes) -> Any:
    """Give what a router's record of a job or a unit says, with its value as a body."""
    record = orjson.loads(value)
    bodies = [{"inline": record[name]} for name in _IN_STATE if isinstance(record.get(name), str | list | dict)]
    references = [{"ref": record[name]} for each in _IN_STATE if (name := f"{each}_reference") in record]
    return {**record, "input": None, "output": None, "bodies": bodies + references}


def _opened(data: Any, tenant: str, objects: Mapping[tuple[str, str], bytes]) -> Any:
    match data:
        case {"ref": {"sha256": name, "media_type": kind}}:
            there = (tenant, name) in objects
            return {"inline": _value(objects[tenant, name], kind) if there else f"nothing is under {name}"}
        case dict():
            opened = {key: _opened(each, tenant, objects) for key, each in data.items()}
            for reference, value in _BESIDE.items():
                if (found := data.get(reference)) is not None and (tenant, found["sha256"]) in objects:
                    opened[value] = _value(objects[tenant, found["sha256"]], found["media_type"])
            return opened
        case list():
            return [_opened(each, tenant, objects) for each in data]
        case _:
            return data


def _value(data: bytes, media_type: str) -> Any:
    return data.decode() if media_type == "text/plain" else orjson.loads(data)


def _tenant_of(data: Any) -> str:
    head = data.get("job") or data.get("head") or data.get("step", {}).get("job") or data
    return str(head.get("tenant", "default"))


def _references_in(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, dict):
        for key, each in data.items():
            if key in ("ref", *_BESIDE) and isinstance(each, dict):
                yield each
            else:
                yield from _references_in(each)
    elif isinstance(data, list):
        for each in data:
            yield from _references_in(each)


def _values_in(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for key, each in data.items():
            if key == "compare":
                continue  # What a judge is told is small, and goes with its question.
            if key in ("inline", *_BESIDE.values()) and isinstance(each, str | list | dict):
                yield each
            else:
                yield from _values_in(each)
    elif isinstance(data, list):
        for each in data:
            yield from _values_in(each)
