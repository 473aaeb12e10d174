"""A judge of structured answers: field by field, with tolerances."""

from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from headchef.answer import AnswerRefused, parse_answer
from headchef.checks.path import read_path
from headchef.equality.port import MAX_CHARACTERS, Different, Instruments, Judge, Opinion, Same
from headchef.equality.tolerance import Lists, Rule, Tolerance, scope_of
from headchef.equality.values import difference
from headchef.schema import MAX_DEPTH

_MOST_RULES = 100
_STRUCTURES = frozenset({"object", "array"})
_ANY: frozenset[str] = frozenset()
_ENDS = {"{": "}", "[": "]", "`": "`"}


def _path(text: str) -> str:
    read_path(text)
    return text


_Path = Annotated[str, Field(max_length=1_000), AfterValidator(_path)]


class At(BaseModel):
    """What holds for one field and all within it; what is not set is as for the whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    path: _Path = Field(description="the field, such as price or items[].price")
    absolute: float | None = Field(default=None, ge=0, description="numbers that differ by no more are the same")
    relative: float | None = Field(default=None, ge=0, le=1, description="or by no more than this share")
    likeness: float | None = Field(default=None, gt=0, le=1, description="the share of words that texts must share")
    lists: Lists | None = Field(default=None, description="in_order, or sets")


class Fields(Judge):
    """Two answers in JSON are the same whose fields are: no field is missing in either, and each pair is the same.

    Texts are compared as `text` does, numbers within tolerances, all else as it is: `true` is not 1, nor is "1".
    """

    absolute: float = Field(default=0, ge=0, description="numbers that differ by no more are the same, such as 0.5")
    relative: float = Field(
        default=0, ge=0, le=1, description="or by no more than this share of the larger one, such as 0.01"
    )
    likeness: float = Field(
        default=1.0, gt=0, le=1, description="the share of words that two texts must have in common; 1: all"
    )
    lists: Lists = Field(
        default="in_order",
        description="in_order: item by item; sets: whatever their order, and how often each is there",
    )
    ignored: tuple[_Path, ...] = Field(
        default=(), max_length=_MOST_RULES, description="fields that are not compared, such as [id, items[].note]"
    )
    at: tuple[At, ...] = Field(
        default=(), max_length=_MOST_RULES, description="tolerances of single fields, each with its `path`"
    )

    @model_validator(mode="after")
    def _each_path_once(self) -> Self:
        paths = [read_path(path) for path in (*self.ignored, *(each.path for each in self.at))]
        if len(set(paths)) < len(paths):
            raise ValueError("a field stands twice in `ignored` and `at`")
        if () in [read_path(path) for path in self.ignored]:
            raise ValueError("with an empty path in `ignored` nothing is compared")
        return self

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Read both, and compare field by field."""
        try:
            first, second = _read(one, _STRUCTURES), _read(other, _STRUCTURES)
        except AnswerRefused as refused:
            return Different(f"one cannot be read: {refused}")
        whole = Tolerance(self.absolute, self.relative, self.likeness, self.lists)
        ignored = (Rule(read_path(path), None) for path in self.ignored)
        own = (Rule(read_path(at.path), at.model_dump(exclude={"path"}, exclude_none=True)) for at in self.at)
        scope = scope_of(whole, (*ignored, *own))
        why = None if scope is None else difference(first, second, scope)
        return Same() if why is None else Different(why)


def json_alone(text: str) -> bool:
    """Say whether a text is a JSON object or array, bare or in a code fence, with nothing around it."""
    bare = text.strip()
    if not bare or _ENDS.get(bare[0]) != bare[-1]:
        return False
    try:
        return isinstance(_read(text, _STRUCTURES), dict | list)
    except AnswerRefused:
        return False


@lru_cache(maxsize=32)
def _read(text: str, kinds: frozenset[str]) -> Any:
    return parse_answer(text, kinds=kinds, max_characters=MAX_CHARACTERS, max_depth=MAX_DEPTH)
