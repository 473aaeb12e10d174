"""YAML files that people write: places of values, and faults of a form with what would be right."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from headchef.document import Fault, Unreadable, faults_of, read_document, read_yaml, shown

NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer (expected: how large, such as 3)"


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(description="how large, such as 3")
    kind: str | None = Field(default=None, alias="as", description="what it is")


class Branch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    leaves: tuple[Leaf, ...] = ()
    named: dict[Annotated[str, StringConstraints(pattern="^[a-z]+$")], Leaf] = Field(default_factory=dict)
    best: Leaf | None = None

    @model_validator(mode="after")
    def _some(self) -> "Branch":
        if not self.leaves and self.best:
            raise ValueError("a best of none")
        return self


def faults(text: str) -> list[tuple[int, int, str, str]]:
    document = read_yaml(text)
    try:
        Branch.model_validate(document.data)
    except ValidationError as error:
        return [(each.line, each.column, each.field, each.message) for each in faults_of(error, Branch, document)]
    return []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("leaves: [{size: 1}]", []),
        (
            "leaves:\n  - {size: 1}\n  - {sise: 2, size: 1}",
            [(3, 6, "leaves.1.sise", "unknown field; did you mean size?")],
        ),
        ("leaves: [{colour: red, size: 1}]", [(1, 11, "leaves.0.colour", "unknown field; known are size, as")]),
        ("leaves: red", [(1, 1, "leaves", "must be a list")]),
        ("leaves:\n  - as: x", [(2, 5, "leaves.0.size", "is missing (expected: how large, such as 3)")]),
        (
            "named:\n  one: {size: 1}\n  two:\n    size: x",
            [
                (
                    4,
                    5,
                    "named.two.size",
                    NO_NUMBER,
                )
            ],
        ),
        ("named: {two: {sise: 1, size: 1}}", [(1, 15, "named.two.sise", "unknown field; did you mean size?")]),
        ("named: {A1: {size: 1}}", [(1, 9, "named.A1", "String should match pattern '^[a-z]+$'")]),
        ("best: {size: 1, is: 2}", [(1, 17, "best.is", "unknown field; known are size, as")]),
        ("best: {size: 1}", [(1, 1, "", "a best of none")]),
        ("leafs: []", [(1, 1, "leafs", "unknown field; did you mean leaves?")]),
    ],
)
def test_faults_of_a_form_name_the_place_and_what_would_be_right(
    text: str, found: list[tuple[int, int, str, str]]
) -> None:
    assert faults(text) == found


def test_what_is_not_there_is_placed_at_the_nearest_around_it() -> None:
    document = read_yaml("a:\n  b:\n    - c: 1\n")
    assert document.fault(("a", "b", 0, "d", "e"), "x") == Fault(3, "a.b.0.d.e", "x", 7)
    assert document.line_of(("a", "z")) == 1


def test_keys_given_twice_are_faults() -> None:
    assert read_yaml("a: 1\nb: 2\na: 3").faults == (Fault(3, "a", "given twice, first on line 1; keep one", 1),)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"\xff", Fault(0, "", "is not UTF-8 text")),
        (b"a: [1,\n b: }", Fault(2, "", "is not YAML: ", 5)),
        (b"&a [*a]", Fault(0, "", "is nested too deep, or an alias refers to itself")),
        (b"[" * 120_000 + b"]" * 120_000, Fault(0, "", "is nested too deep, or an alias refers to itself")),
    ],
)
def test_bytes_that_are_no_document_say_why(raw: bytes, fault: Fault) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_document(raw)
    found = unreadable.value.fault
    assert (found.line, found.column) == (fault.line, fault.column)
    assert found.message.startswith(fault.message)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(3, "a.b", "is wrong", 7), "x.yaml:3:7: a.b: is wrong"),
        (Fault(3, "a.b", "is wrong"), "x.yaml:3: a.b: is wrong"),
        (Fault(0, "", "is wrong"), "x.yaml: is wrong"),
    ],
)
def test_faults_are_shown_as_compilers_do(fault: Fault, text: str) -> None:
    assert shown(Path("x.yaml"), fault) == text
