"""What share of a provider's quota is used, and how many calls are refused, by how many executors of a lane."""

import json
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import Load, make_jobs
from tests.support.kafka_server import KafkaServer
from tests.support.services import Deployment

Figures = dict[str, float]

WARM_S, MEASURED_S = 30.0, 120.0
_LATENCY_S = 0.5
CATALOGUE = """\
defaults: {{model: simulated}}
providers: {{simulator: {{base_url: "${{HEADCHEF_SIMULATOR_URL}}"}}}}
lanes: {{default: {{provider: simulator, {limits}}}}}
models: {{simulated: {{lane: default, max_output_tokens: 1000, prices: {{input: 0.15, output: 0.60}}}}}}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the account may use of one resource.

    Attributes:
        name: of the figures.
        setting: of the lane, and of the simulator's account.
        a_minute: of it.
        jobs: in a minute, at most.
        used: reads what was used from the simulator's bill.
    """

    name: str
    setting: str
    a_minute: int
    jobs: int
    used: Callable[[Mapping[str, float]], float]


LIMITS = (
    Limit("requests", "requests_per_minute", 1200, 1200, lambda bill: bill["answered"]),
    Limit("tokens", "tokens_per_minute", 600_000, 1800, lambda bill: bill["input_tokens"] + bill["output_tokens"]),
)


RUNS = ((1, False), (2, False), (4, False), (2, True))
"""Executor processes, and whether one joins and one is killed."""


def goodput(server: KafkaServer, limit: Limit, executors: int, *, churn: bool = False) -> Figures:
    """Measure one deployment.

    Args:
        server: the broker.
        limit: what the simulator enforces in each minute of its clock, and the lane knows.
        executors: processes.
        churn: whether one more joins and one is killed while it is measured.
    """
    namespace = f"goodput-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-goodput-") as folder:
        catalogue = Path(folder) / "catalogue.yaml"
        catalogue.write_text(CATALOGUE.format(limits=f"{limit.setting}: {limit.a_minute}"))
        deployment = Deployment(
            server.bootstrap,
            namespace,
            Path(folder),
            counts={"executor": executors + churn},
            environment={
                "HEADCHEF_CATALOGUE": str(catalogue),
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_SESSION_TIMEOUT_S": "6",
                "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(_LATENCY_S),
                f"HEADCHEF_SIMULATOR_QUOTA__{limit.setting.upper()}": str(limit.a_minute),
                "HEADCHEF_SIMULATOR_QUOTA__KIND": "window",
            },
        )
        with deployment:
            if churn:
                deployment.of("executor")[-1].stop()
            load = Load(server.bootstrap, namespace)
            try:
                load.publish(list(make_jobs("goodput", int(limit.jobs * (WARM_S + MEASURED_S) / 60 * 1.2))))
                time.sleep(WARM_S)
                before = bill_of(deployment)
                _wait(deployment, churn=churn)
                after = bill_of(deployment)
            finally:
                load.close()
    name = f"goodput.{limit.name}.{executors}{'.churn' if churn else ''}"
    refused, answered = (after[kind] - before[kind] for kind in ("rate_limited", "answered"))
    share = (limit.used(after) - limit.used(before)) / (limit.a_minute * MEASURED_S / 60)
    return {f"{name}.share": share, f"{name}.refused": refused / (refused + answered), f"{name}.calls": answered}


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


def bill_of(deployment: Deployment) -> Mapping[str, float]:
    """Read what the simulator has answered, refused and counted so far."""
    with urllib.request.urlopen(deployment.simulator_url.replace("/v1", "/bill"), timeout=10) as response:
        bill = json.load(response)
    calls = bill["calls_by_outcome"]
    return {
        "answered": calls.get("answered", 0),
        "rate_limited": calls.get("rate_limited", 0),
        "input_tokens": bill["input_tokens"],
        "output_tokens": bill["output_tokens"],
    }
