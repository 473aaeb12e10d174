"""`headchef explain` of a job that waits says for which job's answer, and since when."""

import io
from typing import Any

from rich.console import Console

from headchef_contracts.events.steps import StepDispatched

from headchef.cache.waiting import WAITING
from headchef.cli.history.explanation import as_json
from headchef.cli.history.gather import History, gather
from headchef.cli.history.view import view
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.processor import TIMERS
from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.manual_clock import START

TASK = 2
SAID = f"waits for the answer of job first since {START:%Y-%m-%d} 12:00:05 UTC"


class Cache(KeptCache):
    """Keeps its state in the changelogs of a log too."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__()
        self._log = log
        self._before: dict[str, dict[bytes, bytes]] = {}

    async def plans(self, job_id: str, **about: Any) -> None:
        """Have a step planned, and handled."""
        planned = make_planned("What all ask.", job_id=job_id, **about)
        await put_event(self._log, "steps.planned", planned, None, TASK)
        for led_to in await self.take(planned):
            for topic, event in led_to:
                if isinstance(event, StepDispatched):
                    await put_event(self._log, topic, event, None, 0)
        await self.write()

    async def write(self) -> None:
        """Write what has changed to the changelogs."""
        for store in (WAITING, TIMERS):
            now, before = dict(self.state.items(store)), self._before.get(store, {})
            for key in {**before, **now}:
                if now.get(key) != before.get(key):
                    await put(self._log, f"cache.{store}.changelog", now.get(key), key, TASK)
            self._before[store] = now


async def _story(log: MemoryLog, job_id: str) -> History:
    return await gather(
        log, namespace=NAMESPACE, job_id=job_id, max_records=1_000, progress=lambda topic, done, total: None
    )


def _shown(job_id: str, history: History) -> str:
    shown = io.StringIO()
    Console(file=shown, width=200).print(view(job_id, history))
    return shown.getvalue()


async def test_a_job_that_waits_says_for_whom_and_since_when() -> None:
    log = make_log()
    cache = Cache(log)
    await cache.plans("first")
    cache.clock.advance(5)
    await cache.plans("second")
    history = await _story(log, "second")
    assert [each.words for each in history.waits] == [SAID]
    assert f"not finished yet: {SAID}" in _shown("second", history)
    assert as_json("second", history)["waits"] == [
        {"step_id": "main", "item": None, "job_id": "first", "since": "2026-11-22T12:00:05+00:00"}
    ]
    assert list((await _story(log, "first")).waits) == [], "it was sent, and waits for its model"


async def test_another_tenants_line_is_nobody_elses() -> None:
    log = make_log()
    cache = Cache(log)
    await cache.plans("first")
    await cache.plans("second", tenant="acme")
    assert list((await _story(log, "second")).waits) == []


async def test_whoever_was_given_the_answer_waits_no_more() -> None:
    log = make_log()
    cache = Cache(log)
    await cache.plans("first")
    await cache.plans("second")
    await cache.take(make_settled("What all ask.", job_id="first"))
    await cache.after(0)
    await cache.write()
    assert list((await _story(log, "second")).waits) == []
