"""The order in which a job's events are told, and in which words."""

from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts.events.bounds import Judgement
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallEnded, CallFailure
from headchef_contracts.events.common import Event, Usage
from headchef_contracts.events.jobs import Failure, JobSubmitted
from headchef_contracts.events.retrievals import RetrievalEnded
from headchef_contracts.events.steps import Step, StepJudged, StepPlanned

from headchef.cli.history.describe import describe
from headchef.cli.history.explanation import answer, as_json, messages, story
from headchef.cli.history.gather import History
from headchef.cli.history.hop import Hop, in_order
from headchef.result import Ending, ended
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
