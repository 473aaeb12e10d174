"""Where the JSON value is found in what a model said, and what is refused without a crash."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headchef.answer import AnswerRefused, parse_answer
from tests.support.processor_time import within

OBJECT = frozenset({"object"})
ARRAY = frozenset({"array"})
ANY: frozenset[str] = frozenset()


def parse(text: str, kinds: frozenset[str] = OBJECT) -> Any:
    return parse_answer(text, kinds=kinds, max_characters=1_000_000, max_depth=64)


@pytest.mark.parametrize(
    ("text", "kinds", "value"),
    [
        ('{"a": 1}', OBJECT, {"a": 1}),
        ('\ufeff \n{"a": 1}\n', OBJECT, {"a": 1}),
        ("[1, 2]", ARRAY, [1, 2]),
        ("[1, 2]", OBJECT, [1, 2]),
        ('"text"', OBJECT, "text"),
        ("42", frozenset({"integer"}), 42),
        ("null", ANY, None),
        ('```json\n{"a": 1}\n```', OBJECT, {"a": 1}),
        ('```\n{"a": 1}\n```', OBJECT, {"a": 1}),
        ('```json {"a": 1}```', OBJECT, {"a": 1}),
        ('```JSON\r\n{"a": 1}\r\n```\r\n', OBJECT, {"a": 1}),
        ('Here:\n```json\n{"a": 1}\n```\nAnything else?', OBJECT, {"a": 1}),
        ('```json\n{"code": "```py\\nx```"}\n```', OBJECT, {"code": "```py\nx```"}),
        ('```python\nprint({})\n```\n```json\n{"a": 1}\n```', OBJECT, {"a": 1}),
        ("```\ntrue\n```", frozenset({"boolean"}), True),
        ('```json\n{"a": 1}', OBJECT, {"a": 1}),
        ('Use {"a": 0} as a form:\n```json\n{"a": 1}\n```', OBJECT, {"a": 1}),
        ('Sure! {"a": {"b": "}"}} Enjoy.', OBJECT, {"a": {"b": "}"}}),
        ('{"a": 1} is the answer', OBJECT, {"a": 1}),
        ('{"a": 1}{"a": 2}', OBJECT, {"a": 1}),
        ('See [1] and {x}: {"a": [1]}', OBJECT, {"a": [1]}),
        ('First {"a": [0]}, then [1, 2].', ARRAY, [1, 2]),
        ('Either {"a": 1} or [1]', ANY, {"a": 1}),
        ("[note] [1]", ARRAY, [1]),
        ('{"big": 18446744073709551615, "f": 1.5, "u": "\\u00e9\\ud83d\\ude00"}', OBJECT, None),
    ],
)
def test_the_value_is_found(text: str, kinds: frozenset[str], value: Any) -> None:
    found = parse(text, kinds)
    assert found == (value if value is not None or text == "null" else orjson.loads(text))


@pytest.mark.parametrize(
    ("text", "check", "message"),
    [
        ("", "empty", "empty"),
        (" \n\ufeff", "empty", "empty"),
        ("I cannot do that.", "json", "there is no JSON object in the answer"),
        ('{"a": 1', "json", "line 1 column 8"),
        ('{"a": 1,}', "json", "line 1 column 9"),
        ("{'a': 1}", "json", "no whole JSON object"),
        ('Sure:\n{"a": {"b": 1}, oops}', "json", "line 2 column 17"),
        ('```json\n{"a": \n```', "json", "no whole JSON object"),
        ("The list is [1, 2].", "json", "there is no JSON object"),
        ('{"a": NaN}', "json", "NaN is not JSON"),
        ('{"a": -Infinity}', "json", "-Infinity is not JSON"),
        ('{"a": 1e999}', "json", "1e999 is too large"),
        ('{"a": 1, "b": 2, "a": 3}', "json", "key 'a' twice"),
        ('{"a": {"b": 1, "b": 1}}', "json", "key 'b' twice"),
        ('{"a": 18446744073709551616}', "json", "64-bit"),
        ('{"a": ' + "9" * 5_000 + "}", "json", "a number cannot be read"),
        ('{"a": "\\ud800"}', "json", "cannot be passed on"),
        ('{"a": ' + "[" * 64 + "]" * 64 + "}", "depth", "64 levels"),
        ("[" * 300 + "]" * 300, "json", "cannot be passed on"),
        ("[" * 100_000, "depth", "nested too deeply"),
        ('{"a":' * 100_000, "depth", "nested too deeply"),
        ('"' + "x" * 1_000_000 + '"', "size", "at most 1000000"),
    ],
)
def test_what_is_no_value_is_refused(text: str, check: str, message: str) -> None:
    with pytest.raises(AnswerRefused) as refused:
        parse(text)
    assert refused.value.check == check
    assert message in refused.value.message


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "[",
        '{"',
        '["',
        '{"a":1,',
        "[1,",
        "```",
        "```json\n[",
        '```\n["',
        "{ ",
        '{\\"',
        '["a\\", ',
        "[1] ",
        "{} ",
        "{x} ",
    ],
)
def test_reading_takes_linear_time(piece: str) -> None:
    text = piece * (900_000 // len(piece))
    for _ in within(2):
        with pytest.raises(AnswerRefused):
            parse(text, frozenset({"number"}))


# fmt: off
PIECES = st.sampled_from([
    "{", "}", "[", "]", '"', "\\", ":", ",", "```", "json", "\n", "1", "-1e9", "1e999", '"a"', "null", "NaN", "\\ud800",
])
# fmt: on


@settings(max_examples=500)
@given(
    st.text() | st.lists(PIECES).map("".join),
    st.sampled_from([OBJECT, ARRAY, ANY, frozenset({"string", "number"})]),
)
def test_any_text_gives_a_portable_value_or_a_refusal(text: str, kinds: frozenset[str]) -> None:
    try:
        value = parse(text, kinds)
    except AnswerRefused:
        return
    assert orjson.loads(orjson.dumps(value)) == value


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@settings(max_examples=200)
@given(st.dictionaries(st.text(), VALUES), st.sampled_from(["{}", "```json\n{}\n```", "Sure.\n{}\nDone.", "`` {} ``"]))
def test_whatever_a_model_wraps_around_an_object_it_is_found(value: dict[str, Any], wrapping: str) -> None:
    assert parse(wrapping.replace("{}", orjson.dumps(value).decode(), 1)) == value
