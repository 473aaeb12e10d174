"""People of some worlds who find answers wrong, and upstream systems that then ask the same again."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from headchef_contracts import cloudevents, topics

from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Log, NewRecord
from tests.simulation.oracle import Job, job_of
from tests.simulation.process import NAMESPACE
from tests.simulation.submission import Submission
from tests.support.log_client import publish

_WORLDS, _SAID_SHARE, _TWICE_SHARE, _LAST_SHARE, _OLD_SHARE = 0.1, 0.15, 0.2, 0.3, 0.1
"""Of worlds; of the submissions of such a world; of corrections said twice; of answers that were given last; of
corrections that know the answer's text no more."""

ASKED_AGAIN = 8
"""The run of jobs that ask again what was answered wrongly; those before it are others'."""

TOPIC = "answers.corrected"

Wrong = tuple[str, str]
"""A question's fingerprint, and the hash of a wrong answer to it."""


class Correctors:
    """Find some answers wrong, soon after they were given.

    Args:
        seed: decides which.
        cluster: where they read.
        log: a way to the log on which nothing is lost.
        active: whether they may be in this world at all.

    Attributes:
        said: what was found wrong.
        active: whether there are any.
    """

    def __init__(self, seed: int, cluster: Cluster, log: Log, *, active: bool) -> None:
        self.said: set[Wrong] = set()
        self._chance = Random(f"{seed} corrections")
        self._cluster = cluster
        self._log = log
        self.active = self._chance.random() < _WORLDS and active
        self._jobs: set[Job] = set()

    async def see(self) -> None:
        """Find one of the answers wrong that there are, or mostly none."""
        if self.active and self._chance.random() < _SAID_SHARE and (answered := self._answered()):
            chosen = self._chance.choice(answered)
            for _ in range(1 + (self._chance.random() < _TWICE_SHARE)):
                await publish(self._log, [self._record(chosen)])

    async def see_newest(self) -> None:
        """Find some of the answers wrong that were given last to their questions."""
        newest = {each["step"]["fingerprint"]: each for each in self._answered()}
        chosen = [each for each in newest.values() if self._chance.random() < _LAST_SHARE]
        await publish(self._log, [self._record(each) for each in chosen])

    async def ask_again(self, submissions: list[Submission]) -> bool:
        """Ask once more what was answered wrongly, of jobs that are one question each, and say whether there was any.

        Args:
            submissions: all of the world, to which these are added.
        """
        jobs = {
            job_of(each.payload)._replace(run=0): (each, each.payload)
            for each in submissions
            if each.kind == "job" and each.payload and "workflow" not in each.payload and not each.headers
        }
        again = []
        for job, (submission, payload) in jobs.items():
            if job in self._jobs:
                asked = payload | {"run": ASKED_AGAIN}
                again.append(replace(submission, value=orjson.dumps(asked), payload=asked))
        submissions += again
        await publish(self._log, [each.record() for each in again])
        return bool(again)

    def _answered(self) -> list[dict[str, Any]]:
        return [each for each in self._completed() if each.get("answer") is not None]

    def _completed(self) -> list[dict[str, Any]]:
        found = []
        for log in self._cluster.topic(topics.physical(NAMESPACE, "steps.completed")).partitions:
            for record in log.records(committed=True, since=log.start):
                with suppress(ValueError, TypeError):
                    found.append(orjson.loads(record.value or b""))
        return [event for event in found if isinstance(event, dict) and "step" in event]

    def _record(self, completed: dict[str, Any]) -> NewRecord:
        step, answer, cache = completed["step"], completed["answer"], completed["cache"]
        job = step["job"]
        lies = cache["nearest"] if cache["kind"] == "semantic" else step
        fingerprint = lies["fingerprint"]
        corrected: dict[str, Any] = {
            "fingerprint": fingerprint,
            "tenant": job.get("tenant", "default"),
            "source_job_id": cache.get("source_job_id") or job["job_id"],
            "asker": {"job_id": job["job_id"], "step_id": step.get("step_id", "main")},
            "cache": cache,
            "by": "people",
            "at": self._cluster.clock.now().isoformat(),
        }
        if "semantic" in step:
            corrected["semantic"] = step["semantic"]
        text = answer["output"].get("inline")
        if text is not None and self._chance.random() >= _OLD_SHARE:
            corrected["output_sha256"] = hashlib.sha256(text.encode()).hexdigest()
            self.said.add((fingerprint, corrected["output_sha256"]))
        self._jobs.add(job_of(job)._replace(run=0))
        number = len(self.said)
        about = cloudevents.Attributes(f"wrong-{number}-{self._chance.random()}", "/people", _TYPE, 1)
        headers = cloudevents.to_headers(about)
        return NewRecord(
            topics.physical(NAMESPACE, TOPIC), orjson.dumps(corrected), fingerprint.encode(), headers=headers
        )


_TYPE = "headchef.answer.corrected"
