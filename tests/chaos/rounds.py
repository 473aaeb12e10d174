"""Rounds of faults: a process or a broker is killed or stands still; then all must be answered."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from random import Random
from typing import Literal

from headchef_contracts.topics import physical, topic

from tests.chaos.brokers import Broker, Brokers
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
_STUCK_S = 75.0
"""A restarted broker whose coordinators do not serve by then is restarted again, as its operator would: in Kafka 4 the
end of a load that was overtaken is taken for that of its successor, and if it failed, so has the coordinator."""
_RESTARTS = 2


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
        restarts: how often its broker was restarted again until then.
    """

    kind: Kind
    victim: str
    began_ms: int
    ended_ms: int
    answered_s: float
    restarts: int


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
            broker: Broker | None = None
            if kind in BROKERS:
                victim, broker = self._strike_broker(kind)
            else:
                victim = self._strike_service(kind)
            ended_ms = _now_ms()
            restarts = self._restart_until_answered(broker) if broker is not None and kind == "broker" else 0
            self.wait_answered()
            done = Round(kind, victim, began_ms, ended_ms, (_now_ms() - ended_ms) / 1000, restarts)
            sys.stderr.write(f"{number}/{len(kinds)} {kind} {victim}: all answered {done.answered_s:.1f} s later\n")
            yield done

    def wait_answered(self) -> None:
        """Wait until every job has its result that has been acknowledged by now."""
        accepted = self._upstream.accepted()
        self._pipeline.wait_for(lambda: accepted <= self._answers(), _ANSWERED_WITHIN_S)

    def _restart_until_answered(self, broker: Broker) -> int:
        """Restart a broker again if nobody can work after its restart, and give how often that was done.

        The first jobs that are accepted after the restart must be answered too: those before it may all have been
        where the failed coordinator is not asked any more.
        """
        before = self._upstream.accepted()
        self._pipeline.wait_for(lambda: self._upstream.accepted() > before, _STUCK_S)
        accepted = self._upstream.accepted()
        for restarts in range(_RESTARTS):
            if self._all_come(accepted, time.monotonic() + _STUCK_S):
                return restarts
            broker.kill()
            broker.start()
        return _RESTARTS

    def _all_come(self, accepted: AbstractSet[str], due_s: float) -> bool:
        """Wait until these have a result, or until a moment of the monotonic clock. Returns whether they have."""
        self._pipeline.wait_for(lambda: accepted <= self._answers() or time.monotonic() > due_s, 2 * _STUCK_S)
        return accepted <= self._answers()

    def _answers(self) -> set[str]:
        """Give all jobs that have a result by now."""
        results = self._pipeline.of("jobs.finished")
        self._answered.update(str(result.event["job"]["job_id"]) for result in results[self._seen :])
        self._seen = len(results)
        return self._answered

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

    def _strike_broker(self, kind: Kind) -> tuple[str, Broker]:
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
        return f"{logical}-{partition}", broker


def draw(count: int, broker_share: float, chance: Random) -> list[Kind]:
    """Draw what strikes: a broker in a share of the rounds, and processes in the others; half of them are killed."""
    weights = (broker_share, broker_share, 1 - broker_share, 1 - broker_share)
    return chance.choices(KINDS, weights, k=count)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
