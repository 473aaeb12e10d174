"""The store of the caches that some worlds lose, with all that is in it, and who asks the same again afterwards."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import orjson

from tests.simulation.oracle import job_of
from tests.simulation.store import Loss
from tests.simulation.world import World
from tests.support.log_client import publish

_SHARE, _AT_S, _AT_A_RESTART, _AGAIN = 0.12, (2.0, 5.5), 0.6, 5
"""Of the worlds; when; how often with a process that is killed, which then looks at once; and jobs that ask again."""

REFILLED = "refilled-"
"""Begins the ids of jobs that ask again what others have asked."""


class Loser:
    """Loses the store of a world, or not.

    Args:
        seed: decides whether, and when. Not where records expire, as then what was settled is lost too, nor where the
            store has a bound.
        world: whose store it is.
    """

    def __init__(self, seed: int, world: World) -> None:
        self._chance = Random(f"{seed} losses")
        self._world = world
        self._active = self._chance.random() < _SHARE and not world.kind.expires and world.store.most is None

    def begin(self) -> None:
        """Lose it later."""
        if self._active:
            self._world.loop.call_later(self._chance.uniform(*_AT_S), self._lose)

    def _lose(self) -> None:
        world = self._world
        ends = {each: world.cluster.partition(each).stable_end for each in world.partitions("cache.settled")}
        world.store.lose(Loss(world.loop.time(), ends))
        process = self._chance.choice(world.caches())
        if self._chance.random() < _AT_A_RESTART and process.running:
            process.kill()
            world.start_later(process)

    async def ask_again(self) -> bool:
        """Ask as other jobs what was asked of models before, and say whether there was anything."""
        world = self._world
        if world.store.loss is None:
            return False
        asked = {
            job_of(each.payload): each
            for each in world.submissions
            if each.kind == "job" and each.payload and not each.headers and _may_be_asked_again(each.payload)
        }
        again = []
        for number, each in enumerate(self._chance.sample(list(asked.values()), min(_AGAIN, len(asked)))):
            payload = {**(each.payload or {}), "job_id": f"{REFILLED}{number}"}
            key = payload["job_id"].encode()
            again.append(replace(each, value=orjson.dumps(payload), payload=payload, key=key, partition=None))
        world.submissions += again
        await publish(world.outside, [each.record() for each in again])
        return bool(again)


def _may_be_asked_again(payload: Mapping[str, object]) -> bool:
    """Say whether a job is one question whose answer may be reused, whenever it is asked."""
    return "prompt" in payload and not {"cache", "deadline", "conversation_id", "semantic"} & payload.keys()
