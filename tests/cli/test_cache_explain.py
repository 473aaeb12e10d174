"""`headchef cache explain`: why a question hit or missed, what was thought of the nearest one, and what came of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Event, Finding
from headchef_contracts.events.corrections import AnswerWithdrawn
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of
from headchef_contracts.events.judgements import ModelQuestion
from headchef_contracts.events.semantic import Marks, Nearest
from headchef_contracts.events.steps import Step, StepCompleted, StepDispatched, StepJudged, StepPlanned

from headchef.cli.cache_explain.asked import Asked, questions_of
from headchef.cli.cache_explain.explanation import as_json, lines_of
from headchef.cli.cache_explain.past import Past, past_of
from headchef.cli.cache_explain.running import view
from headchef.cli.history.hop import Hop
from headchef.pooled import asked_of_model, asker_of, observed, pool_account
from tests.cache.builders import DECIDED, make_answer
from tests.cache.semantic.bench import make_question, make_verdict
from tests.cli.cache_events import EMBEDDER, make_bound, make_made, make_nearest, make_reused
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.support.manual_clock import START

FIRST = make_question("pay how", job_id="j1")
OTHER = make_question("pay can I", job_id="j2")
NOTHING = Past({}, (), {}, {})
ACCOUNT = pool_account("default", "help", EMBEDDER)
LATER = START + timedelta(hours=1)


def hops(*events: Event) -> list[Hop]:
    return [
        Hop("any", 0, number, number, each.event_type, "e", each, None, b"{}") for number, each in enumerate(events)
    ]


def asked_of(*events: Event) -> Asked:
    [asked] = questions_of(hops(*events))
    return asked


def told(asked: Asked, past: Past = NOTHING) -> dict[str, str]:
    """Give the lines by what they are about; at most one of each."""
    lines = lines_of(asked, past, LATER)
    assert len(dict(lines)) == len(lines)
    return dict(lines)


def dispatched(step: Step, nearest: Nearest | None = None, **use: Any) -> StepDispatched:
    return StepDispatched(step=step, cache=CacheUse(**({"kind": "miss", "nearest": nearest} | use)), decided=DECIDED)


def past_with(*verdicts: CacheSettled, **known: Any) -> Past:
    return replace(Past({verdicts[0].fingerprint: verdicts}, (), {}, {}), **known)


def withdrawn(step: Step) -> AnswerWithdrawn:
    return AnswerWithdrawn(
        fingerprint=step.fingerprint, tenant="default", by="ann@desk", because="closed on Sundays", decided=DECIDED
    )


def invalidated(tag: str, by: str = "ann@desk") -> CacheInvalidated:
    scope = InvalidatedScope(tag=tag)
    return CacheInvalidated(entry=entry_of(scope, erase=False), scope=scope, because="new prices", by=by, at=START)


def test_the_questions_are_each_plan_with_what_came_of_it() -> None:
    again = OTHER.model_copy(update={"plan": 1})
    hit = make_reused(OTHER, "semantic", "j1", make_nearest(FIRST, "serve"))
    refused = StepJudged(
        step=OTHER,
        verdict="hit_refused",
        findings=(Finding(path="/a", message="is too long", check="c"),),
        decided=DECIDED,
    )
    first, second = questions_of(
        hops(StepPlanned(step=OTHER, decided=DECIDED), hit, refused, dispatched(again, kind="bypass"), make_made(again))
    )
    assert (first.use, second.use) == (hit.cache, CacheUse(kind="bypass"))
    assert "/a is too long" in told(first)["refused"]
    assert "refused" not in told(second)


def test_what_the_cache_did_is_known_by_the_dispatch_and_else_by_the_end() -> None:
    assert asked_of(make_made(OTHER, kind="unavailable")).use == CacheUse(kind="unavailable")
    assert "away" in told(asked_of(make_made(OTHER, kind="unavailable")))["exact"]
    assert told(asked_of(StepPlanned(step=OTHER, decided=DECIDED))) == {
        "cache": "it has not come to the cache yet, or waits there for the same question"
    }


@pytest.mark.parametrize(
    ("use", "cache", "words"),
    [
        (
            {"kind": "exact", "source_job_id": "j1", "age_s": 90.0},
            "exact",
            "the answer of job j1, 90.00 s old, was reused",
        ),
        ({"kind": "bypass"}, "bypass", "the job says `bypass`"),
        ({"kind": "bypass"}, "exact", "could not tell what was invalidated"),
        ({"kind": "miss"}, "exact", "nobody had asked the very same"),
    ],
)
def test_the_look_for_the_same_question(use: dict[str, Any], cache: str, words: str) -> None:
    step = OTHER.model_copy(update={"cache": cache})
    completed = make_made(step).model_copy(update={"cache": CacheUse(**use)})
    assert words in told(asked_of(completed))["exact"]


@pytest.mark.parametrize(
    ("fields", "known", "words"),
    [
        ({"verdict": "rejected", "answer": None}, {}, "its answer was rejected"),
        ({"answer": make_answer("By c").model_copy(update={"finish_reason": "length"})}, {}, "was cut off"),
        ({"settled_at": LATER}, {}, "had no answer yet"),
        ({}, {}, "had expired, had to make room"),
        ({"marks": Marks(tags=("menu",))}, {"invalidated": [(invalidated("menu"), START)]}, "invalidated by ann@desk"),
        ({"marks": Marks(tags=("menu",))}, {"invalidated": [(invalidated("menu"), LATER)]}, "had expired"),
        ({"marks": Marks(tags=("other",))}, {"invalidated": [(invalidated("menu"), START)]}, "had expired"),
        ({}, {"withdrawn": {OTHER.fingerprint: withdrawn(OTHER)}}, "closed on Sundays"),
    ],
)
def test_why_an_earlier_answer_did_not_serve(fields: dict[str, Any], known: dict[str, Any], words: str) -> None:
    earlier = make_verdict(make_question("pay can I", job_id="j0"), **fields)
    mine = make_verdict(OTHER)
    exact = told(asked_of(dispatched(OTHER)), past_with(earlier, mine, **known))["exact"]
    assert exact.startswith("job j0 ")
    assert "asked the very same" in exact
    assert words in exact


def test_an_earlier_run_of_the_job_counts_as_whoever_asked_the_same() -> None:
    earlier = make_verdict(OTHER, settled_at=START - timedelta(minutes=5))
    past = past_with(earlier, make_verdict(OTHER), withdrawn={OTHER.fingerprint: withdrawn(OTHER)})
    exact = told(asked_of(dispatched(OTHER.model_copy(update={"job": OTHER.job.model_copy(update={"run": 1})}))), past)
    assert "job j2 had asked the very same, and ann@desk has found wrong" in exact["exact"]


def test_whom_it_waited_for_is_said() -> None:
    shared = make_made(OTHER).model_copy(update={"cache": CacheUse(kind="coalesced", source_job_id="j1", waited_s=3.0)})
    assert told(asked_of(shared))["waited"].startswith("3.00 s for job j1")
    assert "could share" in told(asked_of(dispatched(OTHER, waited_s=3.0)))["waited"]
    assert "waited" not in told(asked_of(dispatched(OTHER)))


def test_the_answer_that_it_waited_for_is_not_told_as_one_that_was_lost() -> None:
    shared = make_made(OTHER).model_copy(update={"cache": CacheUse(kind="coalesced", source_job_id="j0", waited_s=3.0)})
    meanwhile = make_verdict(make_question("pay can I", job_id="j0"), settled_at=DECIDED.at - timedelta(seconds=1))
    assert told(asked_of(shared), past_with(meanwhile))["exact"] == "the very same was being asked just then"


def test_what_was_thought_of_the_nearest_question_then_and_now() -> None:
    past = past_with(make_verdict(FIRST), bounds={ACCOUNT: [make_bound(2, 0.012), make_bound(4, 0.15)]})
    lines = told(asked_of(dispatched(OTHER, make_nearest(FIRST, "explore"))), past)
    assert lines["nearest"] == "question of job j1, likeness 0.930 by hashed-1/512: pay how"
    assert lines["guess"].startswith("wrong with 1.00 %: 2 of the nearest have this answer, with 100.0 %")
    assert lines["bound then"] == "number 2: of all up to this guess 1.20 % are wrong at most, within the job's 2.00 %"
    assert lines["bound now"] == "number 4: guesses 50.0 % now, and knows too little of such guesses"
    assert "to learn" in lines["so"]
    assert lines["asked"] == "pay can I"


def test_a_bound_that_is_compacted_away_or_that_there_was_none_is_said() -> None:
    past = past_with(make_verdict(FIRST), bounds={ACCOUNT: [make_bound(4)]})
    lines = told(asked_of(dispatched(OTHER, make_nearest(FIRST))), past)
    assert lines["bound then"] == "number 2, of which the topic has only newer ones"
    assert told(asked_of(dispatched(OTHER, make_nearest(FIRST, bound=0))))["bound then"].startswith("none yet")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (make_reused(OTHER, "semantic", "j1", make_nearest(FIRST, "serve")), "it was reused"),
        (dispatched(OTHER, make_nearest(FIRST, "ask")), "the model was asked"),
        (dispatched(OTHER, make_nearest(FIRST, "serve")), "could not be had any more"),
        (dispatched(make_question("x", mode="shadow"), make_nearest(FIRST, "serve")), "but for shadow mode"),
    ],
    ids=["reused", "asked", "gone", "shadow"],
)
def test_what_was_done(event: StepCompleted | StepDispatched, words: str) -> None:
    assert words in told(asked_of(event))["so"]


def test_why_there_was_no_nearest_question() -> None:
    plain = OTHER.model_copy(update={"semantic": None})
    assert "does not say `semantic`" in told(asked_of(dispatched(plain)))["by meaning"]
    assert told(asked_of(dispatched(OTHER)))["by meaning"].startswith("no earlier question")
    assert "10,000 characters" in told(asked_of(dispatched(make_question("x" * 10_001))))["by meaning"]


def test_what_was_learnt_and_corrected_is_told() -> None:
    assert OTHER.semantic is not None
    miss, nearest = dispatched(OTHER, make_nearest(FIRST)), make_nearest(FIRST)
    whose = ("default", OTHER.semantic, asker_of(OTHER), nearest, DECIDED)
    label = observed("label", *whose, wrong=True, judge="text/1").event
    past = past_with(make_verdict(OTHER), withdrawn={each.fingerprint: withdrawn(each) for each in (FIRST, OTHER)})
    lines = told(asked_of(miss, label), past)
    assert "would have been wrong (text/1)" in lines["told"]
    assert lines["corrected"] == "ann@desk has found an answer to this question wrong: closed on Sundays"
    assert lines["since then"].startswith("ann@desk has found the nearest question's answer wrong")


def test_what_a_model_is_still_to_say_is_told() -> None:
    assert OTHER.semantic is not None
    question = ModelQuestion(system="Compare.", prompt="Both.", max_output_tokens=300)
    whose = ("default", OTHER.semantic, asker_of(OTHER), make_nearest(FIRST), DECIDED)
    asked = asked_of(dispatched(OTHER, make_nearest(FIRST)), asked_of_model(question, "model/1", *whose).event)
    assert told(asked)["told"].endswith("whether the earlier answer would have done (model/1)")
    [value] = as_json("j2", [asked], past_with(make_verdict(OTHER)), LATER)["questions"]
    assert "question" not in value["observed"][0]


def shown(questions: Sequence[Asked], past: Past) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(view("j2", questions, past, LATER))
    return captured.get()


async def test_it_is_read_from_the_topics_and_shown() -> None:
    log = make_log()
    await put_event(log, "cache.settled", make_verdict(FIRST), FIRST.fingerprint.encode())
    await put_event(log, "cache.settled", make_verdict(make_question("pay no")), b"another")
    await put_event(log, "cache.bounds", make_bound(1), b"a", 0)
    await put_event(log, "cache.bounds", make_bound(2), b"a", 0)
    await put_event(log, "cache.invalidated", invalidated("menu"), b"i", 0)
    await put_event(log, "answers.withdrawn", withdrawn(FIRST), b"w", 0)
    questions = questions_of(hops(dispatched(OTHER, make_nearest(FIRST))))
    past = await past_of(log, NAMESPACE, questions[0].fingerprints, 100)
    assert {key: len(found) for key, found in past.verdicts.items()} == {FIRST.fingerprint: 1}
    assert [each.number for each in past.bounds[ACCOUNT]] == [1, 2]
    assert [event.entry for event, _ in past.invalidated] == ["invalidate tag=menu"]
    text = shown(questions, past)
    assert text.splitlines()[0] == "Job j2  miss"
    assert "likeness 0.930 by hashed-1/512: pay how" in text
    value = as_json("j2", questions, past, LATER)
    [question] = value["questions"]
    assert (question["fingerprint"], question["cache"]["kind"]) == (OTHER.fingerprint, "miss")
    assert {line["about"] for line in question["why"]} >= {"exact", "nearest", "guess", "bound then", "so"}
