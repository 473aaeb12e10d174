"""Rounds of faults: a process or a broker is killed or stands still; then all must be answered."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from headchef_contracts.topics import physical, topic

from tests.chaos.brokers import Brokers
from tests.chaos.kitchen import SESSION_S, Kitchen
from tests.chaos.upstream import Upstream
from tests.support.pipeline import PROCESSORS, Pipeline

Kind = Literal["kill", "freeze", "broker", "stall"]

KINDS: Sequence[Kind] = ("broker", "stall", "kill", "freeze")
BROKERS: Sequence[Kind] = ("broker", "stall")

_DOWN_S = (0.0, 3.0)
_FROZEN_S = (0.5 * SESSION_S, 2.0 * SESSION_S)
_STALLED_S = (1.0, 8.0)
"""From what nobody notices to longer than a session; the controller gives a broker up after 2 s."""
_CALM_S = (0.2, 1.5)
_ANSWERED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Round:
    """One fault, and how long its traces lasted.

    Attributes:
        kind: SIGKILL and restart, or SIGSTOP and SIGCONT: `kill` and `freeze` of a process, `broker` and `stall` of a
            broker.
        victim: a process, or the partition whose leader it was.
        began_ms: since the epoch.
        ended_ms: since the epoch: the victim runs again, which is not yet at work.
        answered_s: seconds from its end until all was answered that had been submitted by then.
    """

    kind: Kind
    victim: str
    began_ms: int
    ended_ms: int
    answered_s: float


class Rounds:
    """Strikes a kitchen at work.

    Args:
        at: the kitchen.
        brokers: its cluster.
        pipeline: what its readers see.
        upstream: who submits.
        chance: what strikes, whom, and for how long.
    """

    def __init__(self, at: Kitchen, brokers: Brokers, pipeline: Pipeline, upstream: Upstream, chance: Random) -> None:
        self._kitchen = at
        self._brokers = brokers
        self._pipeline = pipeline
        self._upstream = upstream
        self._chance = chance
        self._seen = 0
        self._answered: set[str] = set()

    def run(self, kinds: Sequence[Kind]) -> Iterator[Round]:
        """Strike once for each kind, in this order."""
        for number, kind in enumerate(kinds, start=1):
            time.sleep(self._chance.uniform(*_CALM_S))
            self._kitchen.check()
            began_ms = _now_ms()
            victim = self._strike_broker(kind) if kind in BROKERS else self._strike_service(kind)
            ended_ms = _now_ms()
            self.wait_answered()
            done = Round(kind, victim, began_ms, ended_ms, (_now_ms() - ended_ms) / 1000)
            sys.stderr.write(f"{number}/{len(kinds)} {kind} {victim}: all answered {done.answered_s:.1f} s later\n")
            yield done

    def wait_answered(self) -> None:
        """Wait until every job has its result that has been acknowledged by now."""
        missing = self._upstream.accepted() - self._answered

        def none_missing() -> bool:
            results = self._pipeline.of("jobs.finished")
            for result in results[self._seen :]:
                job_id = str(result.event["job"]["job_id"])
                self._answered.add(job_id)
                missing.discard(job_id)
            self._seen = len(results)
            return not missing

        self._pipeline.wait_for(none_missing, _ANSWERED_WITHIN_S)

    def _strike_service(self, kind: Kind) -> str:
        service = self._chance.choice(self._kitchen.services)
        if kind == "kill":
            service.kill()
            time.sleep(self._chance.uniform(*_DOWN_S))
            service.start()
        else:
            service.signal(signal.SIGSTOP)
            time.sleep(self._chance.uniform(*_FROZEN_S))
            service.signal(signal.SIGCONT)
        return service.name

    def _strike_broker(self, kind: Kind) -> str:
        logical = self._chance.choice([each for inputs in PROCESSORS.values() for each in inputs])
        partition = self._chance.randrange(topic(logical).partitions)
        broker = self._brokers.leading(physical(self._kitchen.namespace, logical), partition)
        if kind == "broker":
            broker.kill()
            time.sleep(self._chance.uniform(*_DOWN_S))
            broker.start()
        else:
            broker.freeze()
            time.sleep(self._chance.uniform(*_STALLED_S))
            broker.thaw()
        return f"{logical}-{partition}"


def draw(count: int, broker_share: float, chance: Random) -> list[Kind]:
    """Draw what strikes: a broker in a share of the rounds, and processes in the others; half of them are killed."""
    weights = (broker_share, broker_share, 1 - broker_share, 1 - broker_share)
    return chance.choices(KINDS, weights, k=count)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
