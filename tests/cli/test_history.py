"""The order in which a job's events are told, and where they are looked for."""

from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts import placement
from headchef_contracts.events.bounds import Judgement
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallEnded, CallFailure
from headchef_contracts.events.common import Event, Usage
from headchef_contracts.events.jobs import Failure, JobSubmitted
from headchef_contracts.events.retrievals import RetrievalEnded
from headchef_contracts.events.steps import Step, StepJudged, StepPlanned

from headchef.cli.history.describe import describe
from headchef.cli.history.explanation import answer, as_json, messages, story
from headchef.cli.history.gather import History, gather
from headchef.cli.history.hop import Hop, in_order
from headchef.result import Ending, ended
from headchef.runtime.log.memory import MemoryLog
from tests.accounts.pools.builders import Owner, make_asked, make_ended, make_observed
from tests.cli.builders import (
    SHA,
    make_attempt,
    make_completed,
    make_dispatched,
    make_finished,
    make_job,
    make_planned,
    make_refused,
)
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.support.builders import (
    make_call,
    make_decided,
    make_head,
    make_nearest,
    make_review,
    make_review_closed,
    make_semantic,
    make_step,
    make_tried,
)


def hop(topic: str, event: Event, timestamp_ms: int, offset: int = 0) -> Hop:
    return Hop(topic, 0, offset, timestamp_ms, event.event_type, "e", event, None, b"{}")


def make_step_planned(step: Step) -> StepPlanned:
    return StepPlanned(step=step, decided=make_decided())


def a_life() -> list[Hop]:
    """A whole job, with one clock that runs five seconds behind the others."""
    return [
        hop("jobs.submitted", make_job(), 10_000),
        hop("steps.planned", make_planned("j1", ("jobs.submitted", 0, 0)), 10_010),
        hop("steps.dispatched.default", make_dispatched("j1", ("steps.planned", 0, 0)), 5_020),
        hop("attempts.recorded", make_attempt("j1", ("steps.dispatched.default", 0, 0)), 10_500),
        hop("steps.completed", make_completed("j1", ("steps.dispatched.default", 0, 0)), 10_500),
        hop("jobs.finished", make_finished("j1", {"title": "Bolt"}, causes=(("steps.completed", 0, 0),)), 10_510),
    ]


def test_the_steps_of_a_workflow_are_told_apart() -> None:
    step = make_step(workflow="guide@1", step_id="parts", item="a")
    came = ended(step, make_tried(), Ending("failed", failure=Failure(reason="timeout", message="30 s")))
    judged = StepJudged(step=step, verdict="ended", findings=(), ended=came, decided=make_decided())
    failure = CallFailure(reason="crashed", message="exit code 9")
    call = make_call("kitchen.join", step_id="page")
    back = CallEnded(
        job=call.job, workflow="guide@1", step_id="page", failure=failure, duration_s=0.5, decided=make_decided()
    )
    review = make_review(item="a")
    closed = make_review_closed(review, because="dull", outcome="rejected")
    undecided = make_review_closed(review, outcome="undecided", by=None)
    events = (make_step_planned(step), judged, call, back, review, closed, undecided)
    told = [describe(hop("any", event, 1)) for event in events]
    assert [words.partition(", fingerprint")[0] for words in told] == [
        "parts[a]: planned for small",
        "parts[a]: ended failed: timeout: 30 s",
        "page: calls kitchen.join",
        "page: failed: crashed: exit code 9 in 500 ms",
        "look[a]: asks a person until 2026-11-22 13:00:00 UTC, otherwise reject",
        "look[a]: rejected by ann@desk: dull",
        "look[a]: undecided as nobody decided",
    ]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "found 0 texts"),
        (["boats"], "found 1 text: boats"),
        (["boats", "towers", "c"], "found 3 texts: boats, towers, c"),
        (["a", "b" * 41, "c", "d"], f"found 4 texts: a, {'b' * 39}…, c, …"),
    ],
)
def test_a_few_of_the_texts_that_were_found_are_named(ids: list[str], said: str) -> None:
    texts = [{"id": each, "sha256": SHA} for each in ids]
    found = {"output": {"inline": {}}, "found": {"collection": "tips", "texts": texts}, "step_id": "near", "item": "2"}
    about = {"job": make_head(), "workflow": "guide@1", "duration_s": 0.5, "decided": make_decided()}
    event = RetrievalEnded.model_validate({**about, **found})
    assert describe(hop("retrievals.ended", event, 1)) == f"near[2]: {said} in 500 ms"


@pytest.mark.parametrize("shuffle", [1, 2, 3, -1])
def test_causes_come_first_whatever_the_clocks_say(shuffle: int) -> None:
    life = a_life()
    mixed = life[shuffle:] + life[:shuffle] if shuffle > 0 else life[::-1]
    assert [each.topic for each in in_order(mixed)] == [each.topic for each in life]


def test_copies_are_told_once_and_circles_end() -> None:
    first = hop("a", make_planned("j1", ("b", 0, 0)), 1)
    second = hop("b", make_planned("j1", ("a", 0, 0)), 2)
    assert in_order([first, second, first]) == [first, second]


def test_the_story_has_times_since_the_start_and_since_the_cause() -> None:
    told = story(History(in_order(a_life())))
    assert [line.since_cause_ms for line in told] == [None, 10, -4990, 5480, 5480, 10]
    assert told[-1].since_start_ms == 5_490
    assert told[0].words == "submitted by tenant default, interactive, template and input"
    assert told[-1].words == "finished: ok, $0.0012"


@pytest.mark.parametrize(
    ("topic", "said", "told"),
    [
        ("jobs.submitted", {}, "interactive"),
        ("jobs.submitted.bulk", {}, "bulk"),
        ("jobs.submitted.acme.bulk", {}, "bulk"),
        ("jobs.submitted.bulk", {"job_class": "interactive"}, "interactive"),
        ("jobs.submitted", {"job_class": "bulk"}, "bulk"),
    ],
)
def test_the_class_of_a_job_is_the_one_that_it_has(topic: str, said: dict[str, Any], told: str) -> None:
    assert describe(hop(topic, JobSubmitted.model_validate({"job_id": "j1", "prompt": "hi"} | said), 1)) == (
        f"submitted by tenant default, {told}, plain prompt"
    )


def test_a_refusal_is_told_in_words() -> None:
    assert (
        describe(hop("jobs.refused", make_refused(), 1))
        == "refused as unknown_model: model: the catalogue has no model x"
    )


def test_a_step_that_was_moved_is_told_as_that() -> None:
    moved = make_dispatched("j1", ("steps.dispatched.default", 3, 0))
    assert describe(hop("steps.dispatched.default", moved, 1)) == "moved to a partition of lane default that is in use"
    first = make_dispatched("j1", ("steps.planned", 0, 0))
    assert describe(hop("steps.dispatched.default", first, 1)) == "no earlier answer, sent to lane default"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.012, "12 ms"), (61.5, "61.50 s"), (125, "2 min 5 s"), (11_100, "3 h 5 min"), (180_000, "2 d 2 h")],
)
def test_a_reused_answer_says_how_old_it_is(seconds: float, said: str) -> None:
    use = CacheUse(kind="exact", source_job_id="j0", age_s=seconds)
    dispatched = make_dispatched("j1", ("steps.planned", 0, 0)).model_copy(update={"cache": use})
    assert f"answer of job j0, {said} old, reused" in describe(hop("steps.dispatched.default", dispatched, 1))


@pytest.mark.parametrize(
    ("kind", "choice", "mode", "said"),
    [
        ("semantic", "serve", "serve", "answer of job ask-1 to a question that means the same reused, likeness 0.930"),
        ("miss", "ask", "serve", "that of job ask-1 to another is not sure enough (likeness 0.930, wrong by a guess"),
        ("miss", "explore", "serve", "that of job ask-1 to another might do, and the model is asked to learn"),
        ("miss", "serve", "shadow", "that of job ask-1 to another would be reused but for shadow mode"),
        ("miss", "serve", "serve", "that of job ask-1 to another might do, and could not be had"),
    ],
)
def test_what_was_thought_of_the_answer_to_another_wording_is_told(
    kind: Any, choice: Any, mode: Any, said: str
) -> None:
    nearest = make_nearest(choice=choice)
    use = CacheUse(kind=kind, source_job_id="ask-1" if kind == "semantic" else None, nearest=nearest)
    step = make_step(semantic=make_semantic(mode=mode))
    dispatched = make_dispatched("j1", ("steps.planned", 0, 0)).model_copy(update={"cache": use, "step": step})
    assert said in describe(hop("steps.dispatched.default", dispatched, 1))
    assert "1.2 %" in describe(hop("steps.dispatched.default", dispatched, 1))


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("label", {"wrong": False}, "learnt: the earlier answer would have done (text/1)"),
        ("label", {"wrong": True, "why": "7 is not 8"}, "would have been wrong: 7 is not 8 (text/1)"),
        (
            "label",
            {"wrong": False, "judge": "model/1 by small", "judgement": Judgement(job_id="j", cost_usd=Decimal("0.02"))},
            "would have done (model/1 by small, $0.0200)",
        ),
        (
            "label",
            {"wrong": False, "judge": "model/1 by small", "judgement": Judgement(job_id="j", cost_usd=None)},
            "would have done (model/1 by small, cost not known)",
        ),
        ("served", {}, "told to pool help: an earlier answer was reused"),
        ("refused", {"why": "numbers: 14"}, "told to pool help: the earlier answer was refused: numbers: 14"),
        ("corrected", {"why": "moved", "guess": None}, "a person says that the answer was wrong: moved"),
    ],
)
def test_what_was_learnt_is_told(kind: str, fields: dict[str, Any], said: str) -> None:
    assert said in describe(hop("cache.observed", make_observed(kind, **fields), 1))


async def test_what_a_model_is_asked_and_says_about_two_answers_is_told() -> None:
    owner = Owner()
    await owner.tell(asked := make_asked())
    [planned] = owner.planned
    words = {
        "a model is to say whether the earlier answer would have done (model/1)": asked,
        "a model is to say whether two answers are the same, for pool help of acme": planned,
        "the answers are the same: both say so": make_ended(planned),
        "the answers are not the same: one is late": make_ended(planned, same=False, why="one is late"),
        "no judgement: timeout: 30 s": make_ended(planned, same=None, why="timeout: 30 s"),
    }
    for said, event in words.items():
        assert said in describe(hop("cache.observed", event, 1))


def test_who_waited_for_the_same_question_is_told_with_how_long_and_for_whom() -> None:
    shared = CacheUse(kind="coalesced", source_job_id="j0", waited_s=7.0)
    completed = make_completed("j1", ("steps.planned", 0, 0)).model_copy(update={"cache": shared})
    words = describe(hop("steps.completed", completed, 1))
    assert words.startswith("answered (answer of job j0 shared after 7.00 s of waiting for the same question), ")
    in_vain = CacheUse(kind="miss", waited_s=60.0)
    sent = make_dispatched("j1", ("steps.planned", 0, 0)).model_copy(update={"cache": in_vain})
    told = describe(hop("steps.dispatched.default", sent, 1))
    assert told == "no earlier answer after 60.00 s of waiting for the same question, sent to lane default"


def test_what_the_providers_cache_did_is_told_where_it_did_something() -> None:
    usage = Usage(input_tokens=2000, output_tokens=50, cached_input_tokens=1500, cache_write_input_tokens=20)
    told = describe(hop("attempts.recorded", make_attempt().model_copy(update={"usage": usage}), 1))
    assert "2000+50 tokens (1500 read from the provider's cache, 20 written to the provider's cache)" in told
    assert "100+50 tokens, " in describe(hop("attempts.recorded", make_attempt(), 1))


def test_the_prompt_and_the_answer_are_shown() -> None:
    history = History(in_order(a_life()))
    assert messages(history) == [{"role": "user", "content": "Write about Bolt"}]
    assert answer(history) == {"title": "Bolt"}
    assert answer(History(history.hops[:-1])) == '{"title": "Bolt"}'


def test_the_json_has_everything() -> None:
    told = as_json("j1", History(in_order(a_life())))
    assert (told["status"], told["cost_usd"], len(told["events"])) == ("ok", "0.0012", 6)


@pytest.fixture
def log() -> MemoryLog:
    return make_log()


async def found(log: MemoryLog, job_id: str = "j1", max_records: int = 1000) -> History:
    return await gather(log, namespace="headchef", job_id=job_id, max_records=max_records, progress=lambda *_: None)


async def test_every_event_of_a_job_is_found_and_no_other(log: MemoryLog) -> None:
    for job_id in ("j1", "j11"):
        key = job_id.encode()
        await put_event(log, "jobs.submitted", make_job(job_id), key)
        await put_event(log, "steps.planned", make_planned(job_id), SHA.encode())
        await put_event(log, "steps.dispatched.default", make_dispatched(job_id), None, 3)
        await put_event(log, "attempts.recorded", make_attempt(job_id), key)
        await put_event(log, "steps.completed", make_completed(job_id), key)
        await put_event(log, "jobs.finished", make_finished(job_id, "x"), key)
    history = await found(log)
    assert sorted(hop.topic for hop in history.hops) == sorted(
        (
            "jobs.submitted",
            "steps.planned",
            "steps.dispatched.default",
            "attempts.recorded",
            "steps.completed",
            "jobs.finished",
        )
    )
    assert history.missing == ()


async def test_the_way_of_a_bulk_job_is_found(log: MemoryLog) -> None:
    planned = make_planned("j1")
    step = planned.step.model_copy(update={"job": planned.step.job.model_copy(update={"job_class": "bulk"})})
    await put_event(log, "jobs.submitted.bulk", make_job("j1"), b"j1")
    await put_event(log, "steps.planned.bulk", planned.model_copy(update={"step": step}), SHA.encode())
    dispatched = make_dispatched("j1").model_copy(update={"step": step})
    await put_event(log, "steps.dispatched.default.bulk", dispatched, None, 3)
    ways = ["jobs.submitted.bulk", "steps.planned.bulk", "steps.dispatched.default.bulk"]
    assert sorted(hop.topic for hop in (await found(log)).hops) == sorted(ways)


async def test_a_job_of_an_entry_is_found() -> None:
    log = make_log(entries=["museum"])
    await put_event(log, "jobs.submitted.museum.bulk", make_job("j1"), b"j1")
    history = await gather(
        log, namespace=NAMESPACE, job_id="j1", max_records=100, progress=lambda *_: None, entries=["museum"]
    )
    assert [hop.topic for hop in history.hops] == ["jobs.submitted.museum.bulk"]


async def test_a_judgement_is_found_by_its_own_name_from_its_question_to_its_end(log: MemoryLog) -> None:
    owner = Owner()
    await owner.tell(asked := make_asked())
    [planned] = owner.planned
    name = planned.job_id
    head = make_head(name, judgement_of=planned.account, job_class="bulk")
    completed = make_completed(name, ("steps.planned", 0, 0))
    step = completed.step.model_copy(update={"job": head})
    await put_event(log, "judgements.planned", planned, name.encode())
    await put_event(log, "steps.completed", completed.model_copy(update={"step": step}), name.encode())
    history = await found(log, name)
    assert [hop.topic for hop in history.hops] == ["judgements.planned", "steps.completed"]
    await put_event(log, "cache.observed", asked, planned.account.encode())
    await put_event(log, "cache.observed", make_ended(planned), planned.account.encode())
    history = await found(log, name)
    assert [hop.topic for hop in history.hops] == ["judgements.planned", "steps.completed", "cache.observed"]
    assert history.held is None


async def test_a_submission_in_a_strange_place_is_found(log: MemoryLog) -> None:
    home = placement.home_partition("j1", None, 4)
    await put_event(log, "jobs.submitted", make_job("j1"), b"other", (home + 1) % 4)
    history = await found(log)
    assert [each.partition for each in history.hops] == [(home + 1) % 4]


async def test_an_unfinished_job_is_found_as_far_as_it_came(log: MemoryLog) -> None:
    await put_event(log, "jobs.submitted", make_job("j1"), b"j1")
    await put_event(log, "steps.planned", make_planned("j1"), SHA.encode())
    assert [each.topic for each in (await found(log)).hops] == ["jobs.submitted", "steps.planned"]


async def test_the_reading_is_bounded_and_says_so(log: MemoryLog) -> None:
    for number in range(5):
        await put_event(log, "jobs.submitted", make_job(f"other{number}"), b"j1")
    history = await found(log, max_records=2)
    assert history.hops == []
    assert history.skipped == {"jobs.submitted": 3}
    assert "jobs.submitted" not in history.missing
