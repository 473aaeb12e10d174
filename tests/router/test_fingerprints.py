"""Equal questions have one fingerprint, whoever asks them how: what is no part of what is asked splits nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Step

from headchef import equality
from headchef.checks import installed
from headchef.router.policy import plan
from headchef.schema import SchemaCache
from headchef.template import Renderer
from tests.router.conftest import make_catalogue
from tests.support.builders import make_head, make_job

CATALOGUE = make_catalogue()
RENDERER, SCHEMAS = Renderer(max_templates=50, max_work=100_000), SchemaCache(50)
TITLE = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 60}, "rank": {"const": 1}}}

NOT_ASKED = st.fixed_dictionaries(
    {},
    optional={
        "job_id": st.sampled_from(["a", "b"]),
        "run": st.integers(0, 3),
        "revision": st.integers(0, 3),
        "class": st.sampled_from(["interactive", "bulk"]),
        "batch_id": st.sampled_from(["x", "y"]),
        "labels": st.dictionaries(st.sampled_from("ab"), st.sampled_from("ab"), max_size=2),
        "cache_tags": st.lists(st.sampled_from("ab"), max_size=2),
        "cache": st.sampled_from(["exact", "bypass"]),
        "subject": st.sampled_from(["s", "t"]),
        "conversation_id": st.sampled_from(["c", "d"]),
        "deadline": st.just("2030-01-01T00:00:00Z"),
    },
)


def planned(**fields: Any) -> Step:
    job = JobSubmitted.model_validate(make_job(**fields))
    return plan(
        job,
        make_head(tenant=job.tenant),
        catalogue=CATALOGUE,
        schemas=SCHEMAS,
        registry=installed(),
        judges=equality.installed(),
        renderer=RENDERER,
        max_prompt_bytes=50_000,
    )


def turned(value: Any) -> Any:
    """Write the same JSON in another way: keys in another order, and whole numbers with a point."""
    match value:
        case dict():
            return {name: turned(each) for name, each in reversed(value.items())}
        case list():
            return [turned(each) for each in value]
        case int() if not isinstance(value, bool):
            return float(value)
        case _:
            return value


@settings(max_examples=60)
@given(NOT_ASKED, NOT_ASKED)
def test_what_is_no_part_of_what_is_asked_splits_nothing(some: dict[str, Any], others: dict[str, Any]) -> None:
    one = planned(prompt="About {{ input.car }}", input={"car": "a"}, **some)
    other = planned(prompt="About {{ input.car }}", input={"car": "a"}, **others)
    assert one.fingerprint == other.fingerprint


VALUES = st.recursive(
    st.integers(-3, 3) | st.booleans() | st.none() | st.sampled_from(["a", "1.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(VALUES, VALUES)
def test_a_schema_may_be_written_in_any_way_and_another_one_is_another_question(one: Any, other: Any) -> None:
    schemas = [{"type": "object", "properties": TITLE["properties"], "default": each} for each in (one, other)]
    first, second = (planned(output={"schema": schema}).fingerprint for schema in schemas)
    assert planned(output={"schema": turned(schemas[0])}).fingerprint == first
    assert (first == second) == (_typed(one) == _typed(other))


def _typed(value: Any) -> Any:
    """Tell true from 1, which Python does not."""
    match value:
        case dict():
            return {name: _typed(each) for name, each in value.items()}
        case list():
            return [_typed(each) for each in value]
        case _:
            return (isinstance(value, bool), value)


def test_a_template_and_its_text_are_one_question_but_are_found_by_different_marks() -> None:
    filled = planned(prompt="About {{ input.car }}", input={"car": "a"})
    literal = planned(prompt="About a")
    assert filled.fingerprint == literal.fingerprint
    assert filled.marks is not None
    assert literal.marks is None
