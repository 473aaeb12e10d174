"""A batch whose answers all fail a check, on real Kafka: it pauses by itself, is told of, goes on, and is ended."""

import json
import subprocess
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 200
SETTINGS = {
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "1",
    "HEADCHEF_SIMULATOR_LATENCY_SIGMA": "0",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "4",
}
PAUSED = "paused by headchef.batches since "
WARM_UP = 20
UNDER_WAY = 60
"""Calls that may begin until a pause is heeded: there are four a second, so for that there are fifteen seconds."""


@pytest.mark.timeout(300)
def test_a_batch_of_bad_answers_pauses_after_a_few_of_them(kafka: str, tmp_path: Path) -> None:
    namespace = f"rate-{uuid.uuid4().hex[:8]}"
    with (
        Deployment(kafka, namespace, tmp_path, counts={"batches": 1}, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
        ExitStack() as stack,
    ):
        desk = Desk(tmp_path, {"HEADCHEF_KAFKA": kafka, "HEADCHEF_NAMESPACE": namespace})
        submit(desk)
        waiting = stack.enter_context(desk.start("batch", "wait", "spring"))
        stack.callback(waiting.kill)
        pipeline.wait_for_count("brakes", 1)
        hear_of_a_pause(waiting)
        paused_with_the_reason(desk)
        pipeline.settled()
        spent = deployment.calls()
        other_tenants_go_on(pipeline)
        resumed = json.loads(desk.type("resume", "--batch", "spring", "--yes", "--json"))
        said = [it.event for it in pipeline.wait_for_count("brakes", 3)]
        hear_of_a_pause(waiting)
        pipeline.settled()
        desk.type("cancel", "--batch", "spring", "--tenant", "default", "--yes")
        out, err = rest_of(waiting)
        [finished] = [it.event for it in pipeline.wait_for_count("batches.finished", 1)]
        pipeline.settled()
        results = [it.event for it in pipeline.of("jobs.finished") if it.event["job"]["tenant"] == "default"]
        # Counted when all have ended: a pause lets the calls that are under way come to their end.
        spent_again = deployment.calls() - spent - 1

    assert WARM_UP <= spent <= WARM_UP + UNDER_WAY, "far fewer than all were paid"
    assert resumed["changed"]
    assert WARM_UP <= spent_again <= WARM_UP + UNDER_WAY, "a resume is as many again"
    assert [each["action"] for each in said] == ["pause", "resume", "pause"]
    assert "answers since it was resumed were" in said[2]["because"]
    assert waiting.returncode == 1
    assert PAUSED not in err, "of each pause it is told once"
    assert "why jobs were rejected or failed" in out
    rejected = sum(each["status"] == "rejected" for each in results)
    assert (len(results), rejected) == (JOBS, spent + spent_again)
    assert finished["counts"] == counts(rejected=rejected, cancelled=JOBS - rejected)
    assert [(each["check"], each["jobs"]) for each in finished["reasons"]] == [("chars", rejected)]


def hear_of_a_pause(waiting: "subprocess.Popen[str]") -> None:
    """Wait until whoever waits for the batch is told that it is paused."""
    assert waiting.stderr is not None
    assert any(PAUSED in line for line in waiting.stderr), "it has ended without a word of a pause"


def rest_of(waiting: "subprocess.Popen[str]") -> tuple[str, str]:
    """Wait until it has ended, and give what it said since it was heard last, on both streams."""
    assert waiting.stderr is not None
    assert waiting.stdout is not None
    err, out = waiting.stderr.read(), waiting.stdout.read()
    waiting.wait(PATIENCE_S)
    return out, err


def submit(desk: Desk) -> None:
    (desk.folder / "rows.csv").write_text("sku,name\n" + "".join(f"s-{n},chair {n}\n" for n in range(JOBS)))
    (desk.folder / "checks.yaml").write_text("- check: chars\n  min: 100000\n")
    desk.type(
        *("submit", "rows.csv", "--prompt", "Describe {{ input.name }}.", "--checks", "checks.yaml"),
        *("--id-field", "sku", "--batch", "spring", "--max-reject-rate", "0.1"),
    )


def paused_with_the_reason(desk: Desk) -> None:
    told = json.loads(desk.type("batch", "wait", "spring", "--timeout", "0", "--json", code=2))
    assert told["paused"]["by"] == "headchef.batches"
    assert "answers were rejected or failed, and 0.1 of them may be; most often chars" in told["paused"]["because"]
    assert [each["check"] for each in told["reasons"]] == ["chars"]
    assert "pause" in desk.type("brakes")


def other_tenants_go_on(pipeline: Pipeline) -> None:
    job: dict[str, Any] = {"job_id": "other-1", "prompt": "Describe a bench.", "tenant": "other", "batch_id": "spring"}
    pipeline.publish(job, key="other-1")
    assert pipeline.result("other-1")["status"] == "ok"


def counts(**some: int) -> dict[str, int]:
    return dict.fromkeys(("ok", "needs_review", "rejected", "failed", "cancelled", "refused"), 0) | some
