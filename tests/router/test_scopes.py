"""Properties of scopes and fingerprints: only free texts may differ within a scope, and nothing at all in a print."""

from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
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
from tests.support.images import ADDRESS

MADE = make_catalogue()
CATALOGUE = replace(MADE, models={name: replace(each, takes_images=True) for name, each in MADE.models.items()})
RENDERER, SCHEMAS = Renderer(max_templates=500, max_work=100_000), SchemaCache(50)
SLOTS = {
    "city": "{{ input.city }}",
    "facts": "{{ input.facts | tojson }}",
    "rows": "{% for row in input.rows %}<{{ row }}>{% endfor %}",
    "hot": "{% if input.hot %}hot{% else %}cold{% endif %}",
    "question": "{{ input.question }}",
    "words": "{{ input.customer.words }}",
}
FREE = ["question", "customer.words"]
# Few letters, so that what stands side by side is often the same by another division.
WORDS = st.text("ab", min_size=1, max_size=3) | st.text(min_size=1, max_size=4).filter(str.strip)
# A text, as a part of a template, has a mark before it; some are the names of free texts.
TEXTS = ["'a", "'b", "'ab", "' ", "'question", "'customer.words", "'{% raw %}{{{% endraw %}"]
PIECES = st.lists(st.sampled_from(sorted(SLOTS)) | st.sampled_from(TEXTS), max_size=4)


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "city": draw(WORDS),
        "facts": draw(st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), max_size=2)),
        "rows": draw(st.lists(st.sampled_from(["a", "b"]), max_size=3)),
        "hot": draw(st.booleans()),
        "sku": draw(st.integers(0, 2)),
        "question": draw(WORDS),
        "customer": {"words": draw(WORDS)},
    }


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, ...]:
    """Give the parts of a template that writes everything that there is."""
    return (*draw(PIECES), *draw(st.permutations(sorted(SLOTS))), *draw(PIECES))


def written(parts: tuple[str, ...]) -> str:
    return "".join(SLOTS.get(part, part[1:]) for part in parts)


def planned(**fields: Any) -> Step:
    semantic = {"free_text": FREE, "identity": ["sku"], "purpose": "answer", "max_wrong": 0.02}
    job = JobSubmitted.model_validate(make_job(**({"semantic": semantic} | fields)))
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


def scope(step: Step) -> str:
    assert step.semantic is not None
    return step.semantic.scope


OTHERWISE: list[dict[str, Any]] = [
    {"tenant": "b"},
    {"model": "large"},
    {"parameters": {"temperature": 0}},
    {"parameters": {"temperature": 0, "seed": 1}},
    {"parameters": {"max_output_tokens": 5}},
    {"output": {"schema": {}}},
    {"output": {"schema": {"type": "object"}}},
    {"images": [{"media_type": "image/png", "url": ADDRESS}]},
    {"images": [{"media_type": "image/png", "url": f"{ADDRESS}?v=2"}]},
    {"system": ""},
    {"system": "a"},
]


@settings(max_examples=60)
@given(templates(), inputs(), st.data())
def test_jobs_that_differ_in_anything_but_their_free_texts_share_nothing(
    parts: tuple[str, ...], values: dict[str, Any], data: st.DataObject
) -> None:
    one = planned(prompt=written(parts), input=values)
    name = data.draw(st.sampled_from(["city", "facts", "rows", "hot", "sku"]), "what differs")
    other = values | {name: data.draw(inputs(), "otherwise")[name]}
    assume(other != values)
    texts = data.draw(inputs(), "with other words") if data.draw(st.booleans(), "too") else values
    other |= {free: texts[free] for free in ("question", "customer")}
    differs = planned(prompt=written(parts), input=other)
    assert scope(differs) != scope(one)
    # Side by side a fact and a free text may be the same prompt by another division; then they are one question.
    # And the model is not shown the sku.
    if texts is values and name != "sku":
        assert differs.fingerprint != one.fingerprint


@settings(max_examples=60)
@given(templates(), inputs(), st.sampled_from(OTHERWISE), st.sampled_from([{}, *OTHERWISE]), inputs())
def test_jobs_that_differ_in_what_is_asked_of_whom_share_nothing(
    parts: tuple[str, ...],
    values: dict[str, Any],
    fields: dict[str, Any],
    others: dict[str, Any],
    texts: dict[str, Any],
) -> None:
    assume(fields != others)
    one = planned(prompt=written(parts), input=values, **fields)
    worded = values | {free: texts[free] for free in ("question", "customer")}
    other = planned(prompt=written(parts), input=worded, **others)
    assert other.fingerprint != one.fingerprint
    assert scope(other) != scope(one)


@settings(max_examples=60)
@given(templates(), inputs(), inputs())
def test_jobs_that_differ_in_free_texts_alone_meet_in_one_scope_under_two_names(
    parts: tuple[str, ...], values: dict[str, Any], texts: dict[str, Any]
) -> None:
    name = "question" if texts["question"] != values["question"] else "customer"
    other = values | {name: texts[name]}
    assume(other != values)
    one, differs = planned(prompt=written(parts), input=values), planned(prompt=written(parts), input=other)
    assert scope(differs) == scope(one)
    assert differs.fingerprint != one.fingerprint
    assert one.semantic is not None
    assert differs.semantic is not None
    assert differs.semantic.text != one.semantic.text
    assert differs.semantic.pool == one.semantic.pool


@st.composite
def alike(draw: st.DrawFn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give two templates, of which one may have a text where the other has a slot, or what makes both look the same."""
    parts = (*draw(PIECES), *draw(st.permutations(sorted(SLOTS))), *draw(PIECES))
    texts = {"question": "'question", "words": "'customer.words"}
    changed = draw(st.sets(st.integers(0, len(parts) - 1), max_size=3))
    others = [texts.get(part, part) if number in changed else part for number, part in enumerate(parts)]
    return parts, (*others, *SLOTS) if draw(st.booleans()) else (*parts, *SLOTS)


@settings(max_examples=150)
@given(alike(), inputs(), inputs() | st.none())
def test_two_scopes_are_equal_if_and_only_if_all_is_that_stands_around_the_free_texts(
    both: tuple[tuple[str, ...], tuple[str, ...]], values: dict[str, Any], other: dict[str, Any] | None
) -> None:
    parts, others = (*both[0], *SLOTS), both[1]
    other = values if other is None else values | {name: other[name] for name in ("question", "customer", "city")}
    one, two = planned(prompt=written(parts), input=values), planned(prompt=written(others), input=other)
    framed = (around(parts, values), values["sku"]) == (around(others, other), other["sku"])
    assert (scope(one) == scope(two)) == framed
    assert (one.fingerprint == two.fingerprint) == (shown(parts, values) == shown(others, other))


def around(parts: tuple[str, ...], values: dict[str, Any]) -> list[str]:
    """Say what stands around the free texts, without a template: texts, with the name of a free text between two."""
    found = [""]
    for part in parts:
        if part in ("question", "words"):
            found += [part, ""]
        else:
            found[-1] += said(part, values)
    return found


def shown(parts: tuple[str, ...], values: dict[str, Any]) -> str:
    return "".join(said(part, values) for part in parts)


def said(part: str, values: dict[str, Any]) -> str:
    match part:
        case "city":
            return str(values["city"])
        case "facts":
            pairs = ", ".join(f'"{name}": {value}' for name, value in values["facts"].items())
            return f"{{{pairs}}}"
        case "rows":
            return "".join(f"<{row}>" for row in values["rows"])
        case "hot":
            return "hot" if values["hot"] else "cold"
        case "question":
            return str(values["question"])
        case "words":
            return str(values["customer"]["words"])
        case _:
            return part[1:].replace("{% raw %}", "").replace("{% endraw %}", "")
