"""Rows to jobs: ids, options, and faults that name line, field and what would be right."""

from typing import Any

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.faults import BadLine
from headchef.cli.submission.jobs import JobOptions, build_job
from headchef.cli.submission.rows import Row
from headchef.cli.submission.templates import compile_template
from tests.support.images import ADDRESS


def job(values: dict[str, Any], **options: Any) -> JobSubmitted:
    return build_job(Row(7, values), JobOptions(stem="in", **options), "in.jsonl")


def from_rows(values: dict[str, Any], template: str = "About {{ input.name }}", **options: Any) -> JobSubmitted:
    return job(values, prompt=compile_template(template, "p.j2"), **options)


def test_a_line_can_be_a_whole_job() -> None:
    made = job(
        {"job_id": "j1", "prompt": "Hi", "model": "own"}, fields={"model": "given", "tenant": "t", "class": "bulk"}
    )
    assert (made.job_id, made.model, made.tenant, made.job_class) == ("j1", "own", "t", "bulk")
    assert made.input is None


@pytest.mark.parametrize(
    ("line", "option", "model", "tier"),
    [
        ({}, {"tier": "small"}, None, "small"),
        ({"tier": "own"}, {"tier": "small"}, None, "own"),
        ({"tier": "own"}, {"model": "large"}, None, "own"),
        ({"model": "own"}, {"tier": "small"}, "own", None),
        ({"tier": None}, {"model": "large"}, "large", None),
        ({"model": None}, {"tier": "small"}, None, "small"),
    ],
)
def test_a_line_that_says_who_is_asked_overrules_the_model_and_the_tier_of_the_options(
    line: dict[str, str | None], option: dict[str, str], model: str | None, tier: str | None
) -> None:
    made = job({"prompt": "Hi", **line}, fields={**option, "tenant": "t"})
    assert (made.model, made.tier, made.tenant) == (model, tier, "t")


def test_a_column_of_a_table_is_no_tier() -> None:
    made = from_rows({"name": "a", "tier": "gold"}, fields={"tier": "small"})
    assert (made.tier, made.input) == ("small", Inline(inline={"name": "a", "tier": "gold"}))


def test_a_row_becomes_the_input_of_the_template() -> None:
    made = from_rows({"name": "Bolt", "price": 3}, output={"schema": {"type": "object"}}, fields={"tenant": "t"})
    assert made.prompt == Inline(inline="About {{ input.name }}")
    assert made.input == Inline(inline={"name": "Bolt", "price": 3})
    assert made.output.json_schema == {"type": "object"}


def test_a_row_becomes_the_input_of_a_workflow() -> None:
    options = JobOptions(stem="in", workflow="page@3", fields={"tenant": "t"}, id_field="slug")
    made = build_job(Row(2, {"slug": "ghent", "prompt": "a column"}), options, "places.csv")
    assert (made.job_id, made.workflow, made.prompt, made.tenant) == ("ghent", "page@3", None, "t")
    assert made.input == Inline(inline={"slug": "ghent", "prompt": "a column"})


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    one, again, other = from_rows({"name": "a"}), from_rows({"name": "a"}), from_rows({"name": "b"})
    changed = from_rows({"name": "a"}, template="Of {{ input.name }}")
    assert one.job_id == again.job_id
    assert len({one.job_id, other.job_id, changed.job_id}) == 3
    assert one.job_id.startswith("in-")


@pytest.mark.parametrize(("value", "job_id"), [("x1", "p-x1"), (12, "p-12"), (" x ", "p-x")])
def test_the_id_field_names_the_job(value: object, job_id: str) -> None:
    made = from_rows({"name": "a", "sku": value}, id_field="sku", id_prefix="p-", subject_field="name")
    assert made.job_id == job_id
    assert made.subject == "a"


@pytest.mark.parametrize(
    ("values", "options", "field", "part"),
    [
        ({"job_id": "j", "promt": "x"}, {}, "promt", "did you mean `prompt`"),
        ({"name": "x"}, {}, "prompt", "--prompt-file"),
        ({"job_id": "j"}, {}, "prompt", "--prompt-file"),
        ({"job_id": "", "prompt": "x"}, {}, "job_id", ""),
        ({"prompt": "x", "model": "a", "tier": "b"}, {}, "tier", "leave one of them out"),
        ({"prompt": "x", "sku": None}, {"id_field": "sku"}, "sku", "wants text or a whole number"),
        ({"prompt": "x", "sku": " "}, {"id_field": "sku"}, "sku", "wants text"),
        ({"prompt": "x"}, {"id_field": "sku"}, None, '--id-field: there is no column "sku"; columns: prompt'),
    ],
)
def test_a_bad_row_names_the_field(
    values: dict[str, Any], options: dict[str, Any], field: str | None, part: str
) -> None:
    with pytest.raises(BadLine) as raised:
        job(values, **options)
    assert raised.value.fault.line == 7
    assert raised.value.fault.field == field
    assert part in raised.value.fault.message


def test_a_wrong_column_is_named_with_line_and_columns() -> None:
    with pytest.raises(BadLine) as raised:
        from_rows({"name": "a", "price": "3"}, template="One\n{{ input.name }}\n{{ input.pirce }}")
    message = str(raised.value)
    assert message.startswith("in.jsonl, line 7: ")
    assert 'p.j2, line 3: there is no column "pirce"; did you mean "price"?' in message
    assert "Columns: name, price" in message


def test_a_column_may_hold_the_address_of_an_image() -> None:
    made = from_rows({"name": "a", "photo": f"{ADDRESS}?v=2"}, image_field="photo")
    assert [image.model_dump(exclude_none=True) for image in made.images] == [
        {"media_type": "image/png", "url": f"{ADDRESS}?v=2"}
    ]
    other = from_rows({"name": "a", "photo": ADDRESS}, image_field="photo")
    assert other.job_id != made.job_id, "ids follow from all of the content"


@pytest.mark.parametrize(
    ("photo", "field", "part"),
    [
        ("cork.png", "photo", '--image-field wants an address here, not "cork.png"'),
        (None, "photo", "--image-field wants text"),
        ("https://www.example.com/cork.tif", "photo", "does not end in .png, .jpg, .jpeg, .webp"),
        ("https://10.0.0.1/cork.png", "images.0.url", "must name its host"),
    ],
)
def test_a_bad_address_of_an_image_names_the_column(photo: str | None, field: str, part: str) -> None:
    with pytest.raises(BadLine) as raised:
        from_rows({"name": "a", "photo": photo}, image_field="photo")
    assert raised.value.fault.field == field
    assert part in raised.value.fault.message
