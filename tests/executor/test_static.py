"""The static part of a question: where it ends, how each dialect marks it, and that no word of it is lost or moved."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headchef.executor.dialects.anthropic import Anthropic
from headchef.executor.dialects.openai import OpenAI
from headchef.executor.provider import Call, Question
from tests.executor.fakes import ACCOUNT, make_model
from tests.executor.simulated import question
from tests.support.images import at, inline

LINE = "Write of the car alone, and claim nothing else.\n"
LONG = LINE * 80
"""More than 1,024 tokens by any count."""

SLOT = "Name: Malibu"


def asked(system: str, user: str, static: tuple[int, int], **model: Any) -> Question:
    given_model = make_model(max_output_tokens=9, **({"cache_breakpoints": True} | model))
    messages = [("system", system), ("user", user)]
    return question(model=given_model, messages=messages, static_characters=static)


def bodies(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    assert call.cacheable is not None
    return orjson.loads(call.body), orjson.loads(call.cacheable.body)


def unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [unmarked(each) for each in value]
    if isinstance(value, dict):
        marks = ("cache_control", "prompt_cache_breakpoint")
        return {key: unmarked(each) for key, each in value.items() if key not in marks}
    return value


def texts(content: str | list[dict[str, Any]]) -> str:
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


def test_anthropic_is_given_a_breakpoint_where_the_static_part_ends() -> None:
    plain, marked = bodies(Anthropic(ACCOUNT).write(asked("Be brief.", LONG + SLOT, (9, len(LONG)))))
    assert marked["system"] == "Be brief."
    assert marked["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": SLOT},
            ],
        }
    ]
    assert plain == unmarked(marked), "a model reads the same either way"


def test_openai_is_given_one_too_and_told_to_write_nothing_else() -> None:
    plain, marked = bodies(OpenAI(ACCOUNT).write(asked("Be brief.", LONG + SLOT, (9, len(LONG)))))
    assert marked["messages"][1]["content"] == [
        {"type": "text", "text": LONG, "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "text", "text": SLOT},
    ]
    assert plain == unmarked(marked)
    assert plain["prompt_cache_options"] == {"mode": "explicit"}
    short = orjson.loads(OpenAI(ACCOUNT).write(asked("Be brief.", SLOT, (9, 0))).body)
    assert short["prompt_cache_options"] == {"mode": "explicit"}


def test_a_system_prompt_with_a_slot_ends_the_static_part() -> None:
    _, marked = bodies(Anthropic(ACCOUNT).write(asked(f"{LONG}Today.", LONG, (len(LONG), len(LONG)))))
    assert [block.get("cache_control") for block in marked["system"]] == [{"type": "ephemeral"}, None]
    assert marked["messages"] == [{"role": "user", "content": LONG}]


@pytest.mark.parametrize(
    ("system", "user", "static"),
    [
        ("Be brief.", LONG + SLOT, (9, 0)),
        ("Be brief.", LONG + SLOT, (0, len(LONG))),
        ("Be brief.", "Short. " + SLOT, (9, 7)),
        ("Be brief.", " " * 9000 + SLOT, (0, 9000)),
        ("", "", (0, 0)),
    ],
)
def test_without_a_long_static_part_nothing_is_marked(system: str, user: str, static: tuple[int, int]) -> None:
    assert Anthropic(ACCOUNT).write(asked(system, user, static)).cacheable is None


def test_a_model_that_is_to_have_no_marks_has_none() -> None:
    silent = asked("Be brief.", LONG + SLOT, (9, len(LONG)), cache_breakpoints=False)
    for dialect in (Anthropic(ACCOUNT), OpenAI(ACCOUNT)):
        call = dialect.write(silent)
        assert call.cacheable is None
        assert b"prompt_cache" not in call.body
        assert b'"text"' not in call.body


def test_the_mark_stands_after_a_whole_line_if_enough_is_before_it() -> None:
    def ends(static: str, least: int) -> str:
        call = Anthropic(ACCOUNT).write(asked("", static + SLOT, (0, len(static)), cacheable_tokens=least))
        _, marked = bodies(call)
        return str(marked["messages"][0]["content"][0]["text"])

    assert ends(f"{LONG}This one: ", 1024) == LONG
    assert ends(f"Hello.\n{'word ' * 1000}", 1024) == f"Hello.\n{'word ' * 1000}", "its last line is most of it"


def test_a_key_is_shared_by_what_begins_alike() -> None:
    def key(system: str = "Be brief.", user: str = LONG + SLOT, **fields: Any) -> bytes:
        call = Anthropic(ACCOUNT).write(asked(system, user, (len(system), len(LONG)), **fields))
        assert call.cacheable is not None
        return call.cacheable.key

    assert key() == key(user=LONG + "Name: Nova")
    assert len({key(), key(system="Be long."), key(provider_model="other"), key(user="W" + LONG)}) == 4


def test_an_endpoint_that_wants_to_know_is_told_which_calls_begin_alike() -> None:
    def told(account_knows: bool, user: str) -> str | None:
        account = replace(ACCOUNT, prompt_cache_key=account_knows)
        call = OpenAI(account).write(asked("Be brief.", user, (9, len(LONG)), cache_breakpoints=False))
        assert call.cacheable is None
        name: str | None = orjson.loads(call.body).get("prompt_cache_key")
        return name

    first, second, other = (told(True, user) for user in (LONG + SLOT, LONG + "Nova", LONG.upper() + SLOT))
    assert first == second != other
    assert first is not None
    assert len(first) <= 64
    assert told(False, LONG + SLOT) is None
    assert told(True, SLOT) is None


TURNS = st.lists(
    st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(" \nabé", max_size=12), st.integers(0, 14)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300)
@given(TURNS)
def test_no_word_is_lost_added_or_moved(turns: list[tuple[Any, str, int]]) -> None:
    messages = [(role, text) for role, text, _ in turns]
    static = [min(count, len(text)) for _, text, count in turns]
    model = make_model(max_output_tokens=9, cache_breakpoints=True, cacheable_tokens=1)
    marks = question(model=model, messages=messages, static_characters=static)
    none = question(model=make_model(max_output_tokens=9), messages=messages, static_characters=static)
    for dialect in (Anthropic(ACCOUNT), OpenAI(ACCOUNT)):
        call, plain = dialect.write(marks), orjson.loads(dialect.write(none).body)
        for body in (call.body, call.cacheable.body if call.cacheable else call.body):
            sent = orjson.loads(body)
            assert texts(sent.get("system", "")) == plain.get("system", "")
            assert [texts(each["content"]) for each in sent["messages"]] == [
                each["content"] for each in plain["messages"]
            ]
            blocks = [
                block for each in sent["messages"] if isinstance(each["content"], list) for block in each["content"]
            ]
            assert all(block["text"].strip() for block in blocks)
        if call.cacheable:
            assert call.cacheable.body.count(b'"cache_control"') + call.cacheable.body.count(b"breakpoint") == 1


@pytest.mark.parametrize("dialect", [Anthropic, OpenAI])
def test_the_static_part_ends_before_the_first_image(dialect: type[Anthropic] | type[OpenAI]) -> None:
    model = make_model(max_output_tokens=9, cache_breakpoints=True)
    messages = [("system", LONG), ("user", LONG + SLOT)]
    static = (len(LONG), len(LONG))
    shown = question(model=model, messages=messages, static_characters=static, images=(at(),))
    plain = question(model=model, messages=messages, static_characters=static)
    others = question(model=model, messages=messages, static_characters=static, images=(inline(),))
    with_images, without, with_others = (dialect(ACCOUNT).write(each) for each in (shown, plain, others))
    assert with_images.cacheable is not None
    assert with_others.cacheable is not None
    assert without.cacheable is not None
    assert with_images.cacheable.key == with_others.cacheable.key != without.cacheable.key
    assert with_images.cacheable.body.count(b'"cache_control"') + with_images.cacheable.body.count(b"explicit") > 0
    unmarked_body = orjson.loads(with_images.body)
    assert unmarked_body == unmarked(orjson.loads(with_images.cacheable.body)), "a model reads the same either way"


@pytest.mark.parametrize("dialect", [Anthropic, OpenAI])
def test_nothing_is_static_behind_an_image(dialect: type[Anthropic] | type[OpenAI]) -> None:
    model = make_model(max_output_tokens=9, cache_breakpoints=True)
    asked = question(model=model, messages=[("user", LONG + SLOT)], static_characters=(len(LONG),), images=(at(),))
    assert dialect(ACCOUNT).write(asked).cacheable is None
