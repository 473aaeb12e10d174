"""Earlier answers hold no longer at a word on real Kafka: within two seconds, through a crash, and for good."""

import itertools
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

HEEDED = timedelta(seconds=2)
Result = dict[str, Any]


class Kiosk:
    """A running deployment where the same is asked again and again, and a desk to invalidate from."""

    def __init__(self, deployment: Deployment, pipeline: Pipeline, folder: Path) -> None:
        settings = {"HEADCHEF_KAFKA": deployment.bootstrap, "HEADCHEF_NAMESPACE": deployment.namespace}
        self._desk = Desk(folder, settings)
        self._pipeline = pipeline
        self._numbers = itertools.count()

    def ask(self, **fields: Any) -> Result:
        """Ask what the menu is, as a new job, and give its result."""
        job_id = f"job-{next(self._numbers)}"
        job = {"job_id": job_id, "prompt": "What is on the menu?", "tenant": "acme", "cache_tags": ["menu"], **fields}
        self._pipeline.publish(job, key=job_id)
        return self._pipeline.result(job_id)

    def ask_until(self, wanted: Callable[[Result], bool], **fields: Any) -> list[Result]:
        """Ask on until a result is as wanted, and give all of them."""
        found: list[Result] = []
        while not found or not wanted(found[-1]):
            found.append(self.ask(**fields))
            assert len(found) < 100
        return found

    def looked_up_at(self, result: Result) -> datetime:
        """Give when the cache decided; whoever judges the answer after it may do so much later."""
        name = result["job"]["job_id"]
        [completed] = self._pipeline.wait_for(
            lambda: [
                it.event for it in self._pipeline.of("steps.completed") if it.event["step"]["job"]["job_id"] == name
            ]
        )
        return at(completed["decided"]["at"])

    def say(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._desk.type("cache", "invalidate", *words, "--json").splitlines()]


def reused(result: Result) -> bool:
    return bool(result["cache"]["kind"] == "exact")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.timeout(300)
def test_earlier_answers_hold_no_longer(kafka: str, tmp_path: Path) -> None:
    namespace = f"invalid-{uuid.uuid4().hex[:8]}"
    settings = {"HEADCHEF_CACHE_FRESH_S": f"{HEEDED.total_seconds():g}"}
    with (
        Deployment(kafka, namespace, tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        kiosk = Kiosk(deployment, pipeline, tmp_path)
        first = kiosk.ask()
        again = kiosk.ask_until(reused)[-1]
        assert again["cache"]["source_job_id"] == first["job"]["job_id"]
        assert again["cache"]["age_s"] > 0

        kiosk.say("--tag", "menu", "--tenant", "acme", "--because", "new prices")
        heeded_by = datetime.now(UTC) + HEEDED
        for result in kiosk.ask_until(lambda result: not reused(result))[:-1]:
            assert kiosk.looked_up_at(result) <= heeded_by, "it was served too late"
        fresh = kiosk.ask_until(reused)[-1]
        assert fresh["cache"]["source_job_id"] != first["job"]["job_id"]

        [cache] = deployment.of("cache")
        cache.kill()
        kiosk.say("--tenant", "acme")
        cache.start()
        cache.wait_for("/ready")
        assert kiosk.ask()["cache"]["kind"] in ("miss", "bypass"), "what was said while it was down counts"
        kiosk.ask_until(reused)

        erased, *left = kiosk.say("--tenant", "acme", "--erase")
        assert erased["erase"] is True
        until = {each["where"]: each["until"] for each in left}
        assert at(until["jobs.finished"]) > at(erased["at"]) + timedelta(days=30)
        assert until["tenants"] is None
        kiosk.ask_until(lambda result: not reused(result))
        kiosk.ask_until(reused)
        deployment.check()
