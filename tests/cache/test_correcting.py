"""What a person found wrong is neither served nor kept again, and the pool of its question is told."""

from collections.abc import Sequence

import pytest

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event
from headchef_contracts.events.corrections import AnswerWithdrawn
from headchef_contracts.events.semantic import Asker
from headchef_contracts.events.steps import StepDispatched

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.correcting import Corrections, told
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.policy import CachePolicy
from headchef.cache.semantic import Looked
from headchef.cache.semantic.guessing import Guess
from headchef.cache.withdrawn import Withdrawn
from headchef.homes import HOMES
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Emit
from tests.cache.builders import (
    DECIDED,
    NoState,
    deliver,
    make_answer,
    make_coalescing,
    make_planned,
    make_settled,
    make_stored,
)
from tests.cache.corrected import QUESTION, make_corrected, make_nearest
from tests.cache.memory_store import MemoryAnswerStore
from tests.cache.up_to_date import UpToDate
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

OTHER_WORDS = CacheUse(kind="semantic", source_job_id="job-1", nearest=make_nearest())


class Task:
    """A cache on a store in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.store = MemoryAnswerStore()
        self.withdrawn = Withdrawn()
        self.handler = self.begin()

    def begin(self) -> CacheHandler:
        store = GuardedStore(self.store, CircuitPolicy(1.0, 30.0), self.clock, self.metrics)
        about = (store, CachePolicy(None), UpToDate(), make_coalescing(), self.clock, self.metrics)
        return CacheHandler(*about, withdrawn=self.withdrawn)

    async def handle(self, *events: Event) -> Sequence[Emit]:
        deliveries = [deliver(event, offset=offset) for offset, event in enumerate(events)]
        outcomes = await self.handler.handle_batch(deliveries, NoState())
        return [output for outcome in outcomes for output in outcome.outputs if isinstance(output, Emit)]

    async def ask(self) -> str:
        [output] = await self.handle(make_planned())
        return output.topic


@pytest.fixture
def task() -> Task:
    return Task()


async def test_a_corrected_answer_is_served_no_more(task: Task) -> None:
    await task.handle(make_settled())
    assert await task.ask() == "steps.completed"
    [told] = await task.handle(make_corrected())
    assert (told.topic, told.among) == ("answers.withdrawn", 1)
    [output] = await task.handle(make_planned())
    assert isinstance(output.event, StepDispatched)
    assert output.event.cache.kind == "miss"


async def test_it_counts_for_all_steps_of_its_batch(task: Task) -> None:
    await task.handle(make_settled())
    outputs = await task.handle(make_planned(job_id="before"), make_corrected(), make_planned(job_id="behind"))
    # Of the two steps one waits for the other.
    assert [output.topic for output in outputs] == ["steps.dispatched.default", "answers.withdrawn"]


async def test_the_same_verdict_does_not_bring_it_back(task: Task) -> None:
    await task.handle(make_settled())
    await task.handle(make_corrected())
    await task.handle(make_settled())
    assert await task.ask() == "steps.dispatched.default"
    await task.handle(make_settled(), make_corrected())
    assert await task.ask() == "steps.dispatched.default"


async def test_a_correction_may_come_before_its_verdict(task: Task) -> None:
    await task.handle(make_corrected())
    await task.handle(make_settled())
    assert await task.ask() == "steps.dispatched.default"
    assert task.metrics.total("headchef.cache.stored") == 0


async def test_another_answer_to_the_question_is_kept(task: Task) -> None:
    await task.handle(make_settled())
    await task.handle(make_corrected())
    await task.handle(make_settled().model_copy(update={"answer": make_answer("A finer car.")}))
    assert await task.ask() == "steps.completed"


async def test_other_questions_are_not_touched(task: Task) -> None:
    await task.handle(make_settled())
    await task.handle(make_corrected("Describe the boat."))
    assert await task.ask() == "steps.completed"


async def test_other_processes_are_told_all_that_is_wrong(task: Task) -> None:
    first = make_corrected(because="old")
    second = make_corrected(answer=make_answer("A finer car."))
    old = make_corrected(answer=None)
    events = [output.event for each in (first, second, old) for output in await task.handle(each)]
    told = [event for event in events if isinstance(event, AnswerWithdrawn)]
    assert [len(event.texts) for event in told] == [1, 2, 2]
    assert [event.until for event in told] == [None, None, old.at]
    assert (told[0].fingerprint, told[0].tenant) == (first.fingerprint, "default")
    assert (told[0].because, told[0].by) == ("old", first.by)
    other = Task()
    await other.handle(make_settled())
    for event in (told[-1], told[0]):
        await other.withdrawn.take(event)
    assert await other.ask() == "steps.dispatched.default"
    # What comes late takes nothing back.
    assert other.withdrawn.of(first.fingerprint) == task.withdrawn.of(first.fingerprint)


async def test_what_cannot_be_read_makes_all_answers_to_its_question_wrong(task: Task) -> None:
    await task.handle(make_settled(), make_settled("Describe the boat."))
    await task.withdrawn.shut(make_corrected().fingerprint.encode(), "version 2 is not known here")
    assert await task.ask() == "steps.dispatched.default"
    [output] = await task.handle(make_planned("Describe the boat."))
    assert output.topic == "steps.completed"


async def test_an_event_of_another_kind_is_refused(task: Task) -> None:
    with pytest.raises(InvalidEvent):
        await task.withdrawn.take(make_corrected())


async def test_it_serves_no_other_words_either(task: Task) -> None:
    await task.handle(make_corrected())
    guess = Guess(make_nearest(), seed=1)
    looked = {"wrong": Looked(guess, make_stored()), "right": Looked(guess, make_stored(text="A finer car."))}
    left = Corrections((), task.withdrawn).among_near(looked)
    assert left == {"wrong": Looked(guess, None), "right": looked["right"]}


def observed(outputs: Sequence[Emit]) -> CacheObserved:
    [output] = outputs
    assert (output.topic, output.among) == ("cache.observed", HOMES)
    assert isinstance(output.event, CacheObserved)
    return output.event


def test_in_other_words_only_that_use_of_it_is_known_to_be_wrong() -> None:
    event = make_corrected(cache=OTHER_WORDS, job_id="job-2", semantic=QUESTION, because="another car")
    said = observed(told(event, "hashed-1/512", DECIDED, HOMES))
    assert (said.kind, said.account, said.source) == ("corrected", "default/cars/hashed-1%2F512", event.fingerprint)
    assert (said.asker, said.why) == (Asker(job_id="job-2"), "another car")
    assert said.guess is not None
    assert said.guess.wrong == 0.01


@pytest.mark.parametrize("job_id", ["job-1", "job-2"])
def test_given_to_its_own_question_it_is_wrong_for_all_whom_it_served(job_id: str) -> None:
    use = CacheUse(kind="miss") if job_id == "job-1" else CacheUse(kind="exact", source_job_id="job-1")
    said = observed(told(make_corrected(cache=use, job_id=job_id, semantic=QUESTION), "hashed-1/512", DECIDED, HOMES))
    assert (said.kind, said.guess, said.asker) == ("corrected", None, Asker(job_id="job-1"))


def test_told_twice_it_is_one_event() -> None:
    first, second = (
        told(make_corrected(semantic=QUESTION, because=why), "e", DECIDED, HOMES) for why in ("one", "other")
    )
    assert first[0].identity == second[0].identity


def test_nobody_is_told_of_a_question_that_is_compared_with_none() -> None:
    assert told(make_corrected(), "hashed-1/512", DECIDED, HOMES) == ()
    assert told(make_corrected(semantic=QUESTION), None, DECIDED, HOMES) == ()
