"""Jobs whose answers may serve other wordings: what is planned, what is refused, and what becomes of it later."""

from dataclasses import replace
from typing import Any

import pytest

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.semantic import SemanticQuestion
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.router.again import after_failure, after_rejection, replan
from headchef.router.semantic import scope_of, text_of
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import NOON, make_decided, make_job, make_tried

CATALOGUE = make_catalogue({"small": "default", "large": "premium", "other": "second"}, {"small": ("large", "other")})
PROMPT = "{{ input.sku }} costs {{ input.price }}. Answer: {{ input.question }}"
VALUES = {"sku": "A-1", "price": 3.5, "question": "Is it cheap?", "customer": {"words": "Hm."}, "note": " "}


def semantic(**fields: Any) -> dict[str, Any]:
    return {"free_text": ["question"], "purpose": "answer", "max_wrong": 0.02, **fields}


async def submitted(door: Door | None = None, **fields: Any) -> Outcome:
    known: dict[str, Any] = {"prompt": PROMPT, "input": VALUES, "semantic": semantic()}
    return await (door or Door(CATALOGUE)).submit(make_job(**(known | fields)))


async def planned(door: Door | None = None, **fields: Any) -> Step:
    [emitted] = (await submitted(door, **fields)).outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    assert decode(emitted.event.event_type, 1, encode(emitted.event)) == emitted.event
    return emitted.event.step


async def question(**fields: Any) -> SemanticQuestion:
    found = (await planned(**fields)).semantic
    assert found is not None
    return found


async def test_the_free_text_is_what_is_compared_and_nothing_else_of_it() -> None:
    step = await planned()
    assert step.semantic is not None
    assert step.semantic.text == "Is it cheap?"
    known = (step.semantic.max_wrong, step.semantic.mode, step.semantic.explore, step.semantic.compare.judge)
    assert known == (0.02, "shadow", 0.05, "auto")
    other = await planned(input=VALUES | {"question": "Is that a lot?"})
    assert other.semantic is not None
    assert (other.semantic.scope, other.semantic.pool) == (step.semantic.scope, step.semantic.pool)
    assert other.fingerprint != step.fingerprint


async def test_a_job_that_does_not_ask_for_it_is_planned_as_before() -> None:
    step = await planned(semantic=None)
    assert step.semantic is None
    assert b"semantic" not in encode(StepPlanned(step=step, decided=make_decided()))
    assert step.fingerprint == (await planned()).fingerprint


async def test_a_pool_is_that_of_the_templates_or_the_one_that_is_named() -> None:
    pool = (await question()).pool
    assert (await question(input=VALUES | {"sku": "B-2"})).pool == pool
    assert (await question(prompt=PROMPT + "!")).pool != pool
    assert (await question(system="Be brief.")).pool != pool
    assert (await question(semantic=semantic(pool="questions of customers"))).pool == "questions of customers"


async def test_what_must_be_equal_though_nobody_is_shown_it() -> None:
    prompt = "{{ input.question }}"
    plain = await question(prompt=prompt)
    assert (await question(prompt=prompt, input=VALUES | {"sku": "B-2"})).scope == plain.scope
    of_sku = await question(prompt=prompt, semantic=semantic(identity=["sku", "customer"]))
    other = await question(
        prompt=prompt, semantic=semantic(identity=["sku", "customer"]), input=VALUES | {"sku": "B-2"}
    )
    assert len({plain.scope, of_sku.scope, other.scope}) == 3


async def test_who_says_whether_answers_are_equal_is_part_of_the_scope_and_how_much_is_risked_is_not() -> None:
    plain = await question()
    assert (await question(semantic=semantic(max_wrong=0, mode="serve", explore=1.0))).scope == plain.scope
    assert (await question(semantic=semantic(compare={"judge": "text"}))).scope != plain.scope


def test_several_free_texts_are_compared_with_their_names() -> None:
    assert text_of({"question": "Why?"}) == "Why?"
    assert text_of({"question": "Why?", "customer.words": "Hm.\nNo."}) == "customer.words: Hm.\n No.\nquestion: Why?"
    assert text_of({"a": "x\nb: y", "b": "z"}) != text_of({"a": "x", "b": "y\nb: z"})


REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"free_text": ["price"]}, "invalid", "semantic.free_text.0", "`price` must be a text, and is number"),
    ({"free_text": ["question", "gone"]}, "invalid", "semantic.free_text.1", "has sku, price, question"),
    ({"free_text": ["question.gone"]}, "invalid", "semantic.free_text.0", "`question.gone` is no field"),
    ({"free_text": ["note"]}, "invalid", "semantic.free_text.0", "`note` is empty"),
    ({"free_text": ["question", "question"]}, "invalid", "semantic.free_text.1", "named twice"),
    ({"free_text": ["customer.words"]}, "template", "semantic.free_text.0", "write {{ input.customer.words }} into"),
    ({"identity": ["gone"]}, "invalid", "semantic.identity.0", "`gone` is no field of the input"),
    ({"identity": ["tags." + "9" * 5_000]}, "invalid", "semantic.identity.0", "is no field of the input"),
    ({"identity": ["sku", "question"]}, "invalid", "semantic.identity.1", "cannot be both"),
    ({"free_text": []}, "invalid", "semantic.free_text", "at least 1 item"),
    ({"free_text": ["a b"]}, "invalid", "semantic.free_text.0", "got 'a b'"),
    ({"max_wrong": 0.21}, "invalid", "semantic.max_wrong", "must be less than or equal to 0.2; got the number 0.21"),
    ({"max_wrong": -0.01}, "invalid", "semantic.max_wrong", "must be greater than or equal to 0"),
    ({"purpose": "translation"}, "invalid", "semantic.purpose", "leave `semantic` out, and equal questions are still"),
    ({"purpose": "geo"}, "invalid", "semantic.purpose", "is never reused for another text"),
    ({"purpose": "chat"}, "invalid", "semantic.purpose", "'answer', 'classification'"),
]


@pytest.mark.parametrize(("changed", "reason", "field", "message"), REFUSED)
async def test_what_cannot_be_compared_is_refused_with_its_field(
    changed: dict[str, Any], reason: str, field: str, message: str
) -> None:
    refused = refusal(await submitted(semantic=semantic(**changed)))
    assert (refused.reason, refused.field) == (reason, field)
    assert message in refused.message


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"cache": "bypass"}, "semantic", "no earlier answer serves with `cache` bypass: leave one of the two out"),
        ({"input": None}, "semantic", "its free texts are fields of `input`, which is not given"),
        (
            {"prompt": "\n{{ input.question | upper }}"},
            "semantic.free_text.0",
            "line 2 of `prompt` does more with the free text `input.question` than to write it",
        ),
        (
            {"system": "{{ input | tojson }}"},
            "semantic.free_text.0",
            "line 1 of `system` reads `input` as a whole, with the free text `input.question` in it",
        ),
        (
            {"prompt": "{{ input.sku }}", "system": "Be brief."},
            "semantic.free_text.0",
            "write {{ input.question }} into `system` and `prompt`, or leave it out here",
        ),
    ],
)
async def test_a_job_that_does_not_fit_its_free_texts_is_refused(
    fields: dict[str, Any], field: str, message: str
) -> None:
    refused = refusal(await submitted(**fields))
    assert refused.field == field
    assert message in refused.message


def refusal(outcome: Outcome) -> JobRefused:
    letter, emitted = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, JobRefused)
    return emitted.event


async def test_another_model_is_asked_within_a_scope_of_its_own() -> None:
    first = await planned()
    following = after_failure(first, make_tried("small"), catalogue=CATALOGUE, now=NOON)
    assert isinstance(following, Step)
    asked_first = await planned(model="large")
    assert following.semantic == asked_first.semantic
    assert (following.semantic, following.fingerprint) != (first.semantic, first.fingerprint)


async def test_with_more_room_the_scope_is_that_of_the_larger_limit() -> None:
    first = await planned(parameters={"max_output_tokens": 100}, output={"truncations": 1})
    following = after_failure(first, make_tried("small", reason="length"), catalogue=CATALOGUE, now=NOON)
    assert isinstance(following, Step)
    assert following.request.parameters.max_output_tokens == 200
    larger = await planned(parameters={"max_output_tokens": 200})
    assert following.semantic == larger.semantic


async def test_a_repair_serves_no_other_wording_and_neither_does_what_follows_it() -> None:
    first = await planned(output={"repairs": 2})
    rejected = make_tried("small", reason="rejected")
    repair = after_rejection(first, rejected, "No.", catalogue=CATALOGUE, now=NOON, max_prompt_bytes=50_000)
    assert isinstance(repair, Step)
    assert repair.semantic is None
    other = after_rejection(repair, rejected, "No.", catalogue=CATALOGUE, now=NOON, max_prompt_bytes=50_000)
    assert isinstance(other, Step)
    assert (other.request.model, other.semantic) == ("large", None)


async def test_a_question_whose_reused_answer_was_refused_stays_what_it_is() -> None:
    first = await planned()
    assert replan(first).semantic == first.semantic


async def test_a_question_of_which_it_is_not_known_what_is_around_it_goes_to_no_other_scope() -> None:
    first = await planned()
    assert first.semantic is not None
    old = first.model_copy(update={"semantic": first.semantic.model_copy(update={"frame_sha256": None})})
    following = after_failure(old, make_tried(), catalogue=CATALOGUE, now=NOON)
    assert isinstance(following, Step)
    assert following.semantic is None


async def test_a_scope_is_no_fingerprint() -> None:
    step = await planned()
    assert step.semantic is not None
    assert step.semantic.frame_sha256 is not None
    assert step.semantic.scope == scope_of("default", step.semantic.frame_sha256, step.request)
    assert scope_of("default", step.prompt_sha256, step.request) != step.fingerprint


async def test_another_version_of_the_catalogue_changes_no_scope() -> None:
    newer = replace(CATALOGUE, version="beef")
    assert (await planned(Door(newer))).semantic == (await planned()).semantic


@pytest.mark.parametrize(
    ("compare", "field", "message"),
    [
        ({"judge": "field"}, "judge", "there is no judge of equality 'field'; did you mean fields?"),
        ({"judge": "fields", "arguments": {"relative": 2}}, "arguments.relative", "less than or equal to 1"),
        ({"judge": "fields", "arguments": {"at": [{"path": "a..b"}]}}, "arguments.at.0.path", "is no path at '..b'"),
        ({"arguments": {"relative": 0.1}}, "arguments", "the judge auto takes none"),
    ],
)
async def test_a_judge_that_cannot_be_used_is_refused(compare: dict[str, Any], field: str, message: str) -> None:
    refused = refusal(await submitted(semantic=semantic(compare=compare)))
    assert (refused.reason, refused.field) == ("invalid", f"semantic.compare.{field}")
    assert message in refused.message


@pytest.mark.parametrize(
    ("asked", "field", "message"),
    [
        ({"model": "smal"}, "model", "the catalogue has no model 'smal'; did you mean small?"),
        ({"tier": "wise"}, "tier", "the catalogue has no tier 'wise'; it has none"),
    ],
)
async def test_a_judge_that_asks_a_model_which_is_not_there_is_refused(
    asked: dict[str, Any], field: str, message: str
) -> None:
    compare = {"judge": "model", "arguments": asked}
    refused = refusal(await submitted(semantic=semantic(compare=compare)))
    assert (refused.reason, refused.field) == ("unknown_model", f"semantic.compare.arguments.{field}")
    assert refused.message == message


async def test_a_judge_goes_with_the_question() -> None:
    compare = {"judge": "fields", "arguments": {"relative": 0.1, "ignored": ["id"]}}
    assert (await question(semantic=semantic(compare=compare))).compare.arguments == compare["arguments"]
