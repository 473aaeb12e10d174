"""What share of a provider's quota is used, and how many calls are refused: by executors of a lane, and by others."""

import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headchef.catalogue import read
from headchef.runtime.clock import SystemClock
from tests.bench.clients.account import account_at, bill_of
from tests.bench.clients.beside import beside
from tests.bench.clients.calls import bodies_of
from tests.bench.clients.competitor import Competitor
from tests.bench.clients.fixed_pause import FixedPause
from tests.bench.limits import Limit
from tests.bench.load import Load, make_jobs
from tests.support.kafka_server import KafkaServer
from tests.support.ports import free_ports
from tests.support.services import Deployment, ServiceProcess

Figures = dict[str, float]

WARM_S, MEASURED_S = 30.0, 120.0
_MINUTE_S = 60.0
_LONGEST_S = WARM_S + _MINUTE_S + MEASURED_S
_COMPETING = 1 / 3
_ELSEWHERE = 10**6
"""Number of the first of a competitor's prompts, which nobody else asks."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who does the work.

    Attributes:
        executors: processes of the lane.
        churn: whether one more joins and one is killed while it is measured.
        competitor: whether somebody else uses a third of the account, at a steady rate.
    """

    executors: int
    churn: bool = False
    competitor: bool = False

    @property
    def name(self) -> str:
        """Give its part of the figures' names."""
        return f"{self.executors}{'.churn' if self.churn else ''}{'.competitor' if self.competitor else ''}"


RUNS = (Run(1), Run(2), Run(4), Run(2, churn=True), Run(2, competitor=True))


def goodput(server: KafkaServer, limit: Limit, run: Run) -> Figures:
    """Measure one deployment.

    Args:
        server: the broker.
        limit: what the simulator enforces, and the lane knows.
        run: who does the work.
    """
    namespace = f"goodput-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-goodput-") as folder:
        catalogue = Path(folder) / "catalogue.yaml"
        catalogue.write_text(limit.catalogue)
        deployment = Deployment(
            server.bootstrap,
            namespace,
            Path(folder),
            counts={"executor": run.executors + run.churn},
            environment={
                "HEADCHEF_CATALOGUE": str(catalogue),
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_SESSION_TIMEOUT_S": "6",
                **limit.simulator,
            },
        )
        with deployment, _competing(deployment.simulator_url, limit, on=run.competitor) as others:
            if run.churn:
                deployment.of("executor")[-1].stop()
            load = Load(server.bootstrap, namespace)
            try:
                load.publish(list(make_jobs("goodput", _enough_jobs(limit))))
                used = _used(deployment.simulator_url, limit, others, lambda: _wait(deployment, churn=run.churn))
            finally:
                load.close()
    return {f"goodput.{limit.name}.{run.name}.{what}": figure for what, figure in used.items()}


def fixed_pause(limit: Limit, *, competitor: bool) -> Figures:
    """Measure the client of OpenAI's cookbook at the same work, which knows the whole quota as the lane does.

    Args:
        limit: what the simulator enforces, and the client knows.
        competitor: whether somebody else uses a third of the account, at a steady rate.
    """
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryDirectory(prefix="headchef-goodput-") as folder:
        simulator = ServiceProcess(
            "simulator", "simulator", {"HEADCHEF_SIMULATOR_PORT": str(port), **limit.simulator}, Path(folder)
        )
        simulator.start()
        try:
            simulator.wait_for_output("simulator listens")
            with _competing(url, limit, on=competitor) as others, beside(_pausing(url, limit)):
                used = _used(url, limit, others, lambda: time.sleep(MEASURED_S))
        finally:
            simulator.kill()
    name = f"goodput.{limit.name}.fixed-pause{'.competitor' if competitor else ''}"
    return {f"{name}.{what}": figure for what, figure in used.items()}


def _enough_jobs(limit: Limit) -> int:
    """Give how many are more than can be done."""
    return int(limit.jobs * _LONGEST_S / _MINUTE_S * 1.2)


async def _pausing(url: str, limit: Limit) -> None:
    async with account_at(url) as ask:
        await FixedPause(ask, SystemClock(), **{limit.setting: limit.a_minute}).run(_bodies(limit))


def _bodies(limit: Limit, first: int = 0) -> Iterator[bytes]:
    catalogue = read(limit.catalogue.encode(), Path("catalogue.yaml"), Path())
    return bodies_of(make_jobs("goodput", _enough_jobs(limit), first=first), catalogue)


@contextmanager
def _competing(url: str, limit: Limit, *, on: bool) -> Iterator[Counter[str]]:
    """Let somebody else use a third of the account, if so, and give the bill of that."""
    bill: Counter[str] = Counter()

    async def compete() -> None:
        async with account_at(url) as ask:
            rival = Competitor(ask, SystemClock(), bill, limit.used, limit.a_minute * _COMPETING)
            await rival.run(_bodies(limit, first=_ELSEWHERE))

    if not on:
        yield bill
        return
    with beside(compete()):
        yield bill


def _used(url: str, limit: Limit, others: Mapping[str, int], wait: Callable[[], None]) -> Figures:
    """Measure whole minutes of the simulator's clock, once all is warm.

    Args:
        url: of the simulator.
        limit: that it enforces.
        others: bill of the competitor, as it grows.
        wait: returns when these minutes are over.

    Returns:
        The share of the quota that all used, and of our own calls how many were answered and what share was refused.
    """
    time.sleep(WARM_S)
    # A window may be used up in its first seconds, so that part of one says nothing of the whole.
    time.sleep(-time.monotonic() % _MINUTE_S)
    theirs, before = Counter(others), bill_of(url)
    wait()
    theirs, after = Counter({kind: others[kind] - theirs[kind] for kind in others}), bill_of(url)
    refused, answered = (after[kind] - before[kind] - theirs[kind] for kind in ("rate_limited", "answered"))
    share = (limit.used(after) - limit.used(before)) / (limit.a_minute * MEASURED_S / _MINUTE_S)
    return {"share": share, "refused": refused / (refused + answered), "calls": answered}


def _wait(deployment: Deployment, *, churn: bool) -> None:
    if not churn:
        time.sleep(MEASURED_S)
        return
    began = time.monotonic()
    executors = deployment.of("executor")
    time.sleep(MEASURED_S / 4)
    executors[-1].start()
    time.sleep(MEASURED_S / 4)
    executors[0].kill()
    time.sleep(MEASURED_S - (time.monotonic() - began))
