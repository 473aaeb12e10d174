"""Whatever comes in whatever order and in whatever batches, each step goes on once: to its model, or with an answer."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepCompleted, StepDispatched, StepPlanned

from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache
from tests.support.manual_clock import START

_LONG_S = 30 * 24 * 3600.0

QUESTIONS = st.sampled_from(["one", "two"])
PLANS = st.builds(
    lambda question, job_class, cache, due_s: ("plan", question, job_class, cache, due_s),
    QUESTIONS,
    st.sampled_from(["interactive", "bulk"]),
    st.sampled_from(["exact", "exact", "exact", "bypass"]),
    st.sampled_from([None, None, 5, 500]),
)
VERDICTS = st.tuples(
    st.just("settle"), QUESTIONS, st.sampled_from(["accepted", "failed", "rejected"]), st.integers(0, 30)
)
PASSING = st.tuples(st.just("wait"), st.sampled_from([1.0, 61.0, 4000.0]))
MOMENTS = st.lists(st.one_of(PLANS, PLANS, VERDICTS, PASSING, st.just(("crash",)), st.just(("flush",))), max_size=40)


@given(MOMENTS)
def test_each_step_goes_on_once(moments: list[tuple[Any, ...]]) -> None:
    asyncio.run(_live(moments))


async def _live(moments: list[tuple[Any, ...]]) -> None:
    cache, gone_on, batch, planned = KeptCache(), Counter[str](), list[Event](), list[StepPlanned]()

    def note(outputs: list[tuple[str, Event]]) -> None:
        for _, event in outputs:
            assert isinstance(event, StepCompleted | StepDispatched)
            gone_on[event.step.job.job_id] += 1

    async def flush() -> None:
        for outputs in await cache.take(*batch):
            note(outputs)
        batch.clear()

    for moment in moments:
        match moment:
            case ("plan", question, job_class, mode, due_s):
                deadline = None if due_s is None else START + timedelta(seconds=due_s)
                name = f"job-{len(planned)}"
                about = {"job_class": job_class, "cache": mode, "deadline": deadline}
                planned.append(make_planned(question, job_id=name, **about))
                batch.append(planned[-1])
            case ("settle", question, verdict, number):
                batch.append(make_settled(question, verdict=verdict, job_id=f"job-{number}"))
            case ("wait", seconds):
                await flush()
                note(await cache.after(seconds))
            case ("crash",):
                await flush()
                cache.crash()
            case _:
                await flush()
    await flush()
    note(await cache.after(_LONG_S))
    assert gone_on == Counter(each.step.job.job_id for each in planned)
    assert not any(cache.state.counts().values())
