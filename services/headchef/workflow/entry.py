"""What all parts of a workflow file have in common: no unknown fields, names, and texts that are templates."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that templates can say: lower case letters, digits and _, up to 63 characters."""

Template = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]

MAX_AT_ONCE = 1_000
"""Items of a step that are given out in one go, and so all that are audited: an audit is done where it is given out."""


class Entry(BaseModel):
    """A part of a workflow file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)
