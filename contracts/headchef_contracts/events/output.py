"""What a job says of its answer: the schema and the checks that it must pass, and how often it may be repaired."""

from typing import Any

from pydantic import ConfigDict, Field

from headchef_contracts.events.common import CheckName, PublicPart

MAX_REPAIRS = 10
MAX_TRUNCATIONS = 5


class CheckSpec(PublicPart):
    """A check that the answer must pass; the check's own arguments stand beside its name."""

    # The arguments are the check's: the router knows which there are, and refuses others by name.
    model_config = ConfigDict(extra="allow")

    check: CheckName = Field(description="the name of a check, such as chars")
    path: str = Field(
        default="", max_length=1_000, description="what of the answer is looked at, such as edits[].new; empty for all"
    )


class OutputSpec(PublicPart):
    """What the answer must look like."""

    json_schema: dict[str, Any] | None = Field(
        default=None, alias="schema", description="JSON Schema of the answer; without one the answer is free text"
    )
    checks: tuple[CheckSpec, ...] = Field(
        default=(),
        max_length=100,
        description="what the answer must pass besides; texts in arguments are templates like the prompt, and one that"
        " is a single {{ … }} stands for the value itself",
    )
    repairs: int = Field(
        default=0,
        ge=0,
        le=MAX_REPAIRS,
        description="so many more answers are asked for, each paid, while the last one fails its schema or checks",
    )
    truncations: int = Field(
        default=0,
        ge=0,
        le=MAX_TRUNCATIONS,
        description="so many more answers are asked for, each paid and with twice the room, where one was cut off at"
        " its output limit; then the next model is asked",
    )
