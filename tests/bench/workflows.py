"""What workflows cost: steps a second beside jobs of one step, and how long a router takes to go on with many."""

import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.bench.load import Job, Load, make_jobs
from tests.bench.scenarios import Figures, Sizes, Stage, stage
from tests.support.kafka_server import KafkaServer
from tests.support.services import Deployment
from tests.support.typed import typed

STEPS = 8
_QUESTION = "Plan a catalogue page on the {{ input.name }}, article {{ input.sku }}. Facts: {{ input.facts }}."
_WORKFLOW = """
workflow: bench
version: 1
steps:
  - id: plan
    llm: {text: "__QUESTION__"}
  - {id: title, llm: {text: "Title ({{ input.sku }}): {{ plan }}", with: {plan: "{{ steps.plan }}"}}}
  - {id: intro, llm: {text: "Introduction ({{ input.sku }}): {{ plan }}", with: {plan: "{{ steps.plan }}"}}}
  - {id: uses, llm: {text: "Uses ({{ input.sku }}): {{ plan }}", with: {plan: "{{ steps.plan }}"}}}
  - {id: care, llm: {text: "Care ({{ input.sku }}): {{ plan }}", with: {plan: "{{ steps.plan }}"}}}
  - id: body
    llm:
      text: "Put together ({{ input.sku }}): {{ intro }} {{ uses }} {{ care }}"
      with: {intro: "{{ steps.intro }}", uses: "{{ steps.uses }}", care: "{{ steps.care }}"}
  - {id: summary, llm: {text: "Sum up ({{ input.sku }}): {{ body }}", with: {body: "{{ steps.body }}"}}}
  - id: page
    llm:
      text: "Page ({{ input.sku }}): {{ title }} {{ body }} {{ summary }}"
      with: {title: "{{ steps.title }}", body: "{{ steps.body }}", summary: "{{ steps.summary }}"}
result: {from: "{{ steps.page }}"}
"""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is run.

    Attributes:
        jobs: through the workflow; as many steps are jobs of their own beside them.
        in_flight: jobs that have begun when their router is killed.
        rounds: of both, in turns, since machines are noisy.
    """

    jobs: int = 800
    in_flight: int = 10_000
    rounds: int = 3


def workflows(server: KafkaServer, amounts: Amounts) -> Figures:
    """Measure both, exactly once."""
    figures: Figures = {"workflows.jobs": amounts.jobs, "workflows.in_flight": amounts.in_flight}
    with stage(server, "exactly_once", Sizes()) as on:
        _publish(on.deployment)
        single, led = [], []
        for number in range(amounts.rounds):
            first = (number + 1) * 10**7
            single.append(_rate(on, list(_single_jobs(f"single-{number}", STEPS * amounts.jobs, first)), 1))
            led.append(_rate(on, list(_led_jobs(f"led-{number}", amounts.jobs, first + 5 * 10**6)), STEPS))
    for name, rates in {"single": single, "led": led}.items():
        figures[f"workflows.{name}.steps_per_s"] = statistics.median(rates)
    return figures | _restore(server, amounts)


def _rate(on: Stage, jobs: list[Job], steps: int) -> float:
    before = on.deployment.calls()
    results = on.load.run(jobs)
    if (calls := on.deployment.calls() - before) != steps * len(jobs):
        raise RuntimeError(f"not what was to be measured: {calls} calls for {steps * len(jobs)} steps")
    if results.statuses != {"ok": len(jobs)} or results.caches != {"miss": len(jobs)} or results.duplicates:
        raise RuntimeError(f"not what was to be measured: {results.statuses}, {results.caches}, {results.duplicates}")
    return steps * len(jobs) / results.seconds


def _restore(server: KafkaServer, amounts: Amounts) -> Figures:
    """Let jobs begin where nobody answers them, kill their router, and start it again."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    counts = dict.fromkeys(("cache", "executor", "validator"), 0)
    with tempfile.TemporaryDirectory(prefix="headchef-bench-") as folder:
        quiet = {"HEADCHEF_LOG_LEVEL": "WARNING", "HEADCHEF_SESSION_TIMEOUT_S": "6"}
        deployment = Deployment(server.bootstrap, namespace, Path(folder), counts=counts, environment=quiet)
        with deployment:
            _publish(deployment)
            load = Load(server.bootstrap, namespace)
            load.publish(list(_led_jobs("held", amounts.in_flight, 0)))
            load.await_count("steps.planned", amounts.in_flight)
            load.close()
            [router] = deployment.of("router")
            before = router.usage().rss_bytes
            router.kill()
            began = time.perf_counter()
            router.start()
            router.wait_for("/ready", timeout_s=120)
            seconds = time.perf_counter() - began
            after = router.usage().rss_bytes
        idle = _idle_start_s(server)
    return {
        "workflows.restore.s": seconds,
        "workflows.restore.empty_s": idle,
        "workflows.restore.before_mb": before / 2**20,
        "workflows.restore.after_mb": after / 2**20,
    }


def _idle_start_s(server: KafkaServer) -> float:
    """Measure the same without any job: what a process takes to start and join, after one that was killed."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    counts = dict.fromkeys(("cache", "executor", "validator"), 0)
    with tempfile.TemporaryDirectory(prefix="headchef-bench-") as folder:
        quiet = {"HEADCHEF_LOG_LEVEL": "WARNING", "HEADCHEF_SESSION_TIMEOUT_S": "6"}
        with Deployment(server.bootstrap, namespace, Path(folder), counts=counts, environment=quiet) as deployment:
            [router] = deployment.of("router")
            router.kill()
            began = time.perf_counter()
            router.start()
            router.wait_for("/ready", timeout_s=120)
            return time.perf_counter() - began


def _publish(deployment: Deployment) -> None:
    path = deployment.folder / "bench.yaml"
    path.write_text(_WORKFLOW.replace("__QUESTION__", _QUESTION))
    typed(deployment, "workflow", "apply", str(path))


def _single_jobs(prefix: str, count: int, first: int) -> Iterator[Job]:
    """Make jobs that ask what the first step of the workflow does."""
    return _jobs(prefix, count, first, {"prompt": _QUESTION})


def _led_jobs(prefix: str, count: int, first: int) -> Iterator[Job]:
    """Make jobs for the workflow."""
    return _jobs(prefix, count, first, {"workflow": "bench@1"})


def _jobs(prefix: str, count: int, first: int, asked: Mapping[str, str]) -> Iterator[Job]:
    for job in make_jobs(prefix, count, first=first):
        fields = orjson.loads(job.value)
        kept = {name: fields[name] for name in ("job_id", "tenant", "input")}
        yield Job(job.job_id, orjson.dumps({**kept, **asked}))
