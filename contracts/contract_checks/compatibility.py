"""Compares two JSON Schemas of one published version: what would break readers or writers, and what only widens it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "examples"})
_COMPARED = frozenset({"type", "enum", "const", "default", "properties", "required", "additionalProperties", "items"})
_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the new schema is not the old one.

    Attributes:
        path: dotted path of the field.
        breaks: whether data that was valid no longer is, or means something else.
        what: what was changed, in words.
    """

    path: str
    breaks: bool
    what: str


def differences(old: Schema, new: Schema) -> list[Difference]:
    """Compare a published schema with the one that is to replace it; annotations do not count."""
    return list(_Comparison(old, new).of("", old, new))


class _Comparison:
    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._roots = old_root, new_root
        self._entered: set[tuple[str, str]] = set()

    def of(self, path: str, old: Schema, new: Schema) -> Iterator[Difference]:
        names = str(old.get("$ref")), str(new.get("$ref"))
        if names in self._entered and "None" not in names:
            return
        self._entered.add(names)
        old, new = _resolved(self._roots[0], old), _resolved(self._roots[1], new)
        yield from self._default(path, old, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._alternatives(path, old.get("anyOf", [old]), new.get("anyOf", [new]))
        else:
            yield from self._plain(path, old, new)
        self._entered.discard(names)

    def _default(self, path: str, old: Schema, new: Schema) -> Iterator[Difference]:
        before, after = old.get("default", _ABSENT), new.get("default", _ABSENT)
        if before is not _ABSENT and before != after:
            what = (
                "its default was removed" if after is _ABSENT else f"its default changed from {before!r} to {after!r}"
            )
            yield Difference(path, True, what)

    def _alternatives(self, path: str, old: Iterable[Schema], new: list[Schema]) -> Iterator[Difference]:
        matched: list[int] = []
        for before in old:
            found = [list(self.of(path, before, after)) for after in new]
            best = min(range(len(new)), key=lambda index: (sum(it.breaks for it in found[index]), len(found[index])))
            matched.append(best)
            if any(it.breaks for it in found[best]) and not self._alike(before, new[best]):
                yield Difference(path, True, f"it no longer takes {self._named(0, before)}")
            else:
                yield from found[best]
        for index, after in enumerate(new):
            if index not in matched:
                yield Difference(path, False, f"it now takes {self._named(1, after)} too")

    def _alike(self, old: Schema, new: Schema) -> bool:
        before, after = _resolved(self._roots[0], old), _resolved(self._roots[1], new)
        fields = set(before.get("properties", ())), set(after.get("properties", ()))
        return before.get("type") == after.get("type") and (fields[0] == fields[1] or bool(fields[0] & fields[1]))

    def _named(self, side: int, schema: Schema) -> str:
        resolved = _resolved(self._roots[side], schema)
        return str(resolved.get("title") or resolved.get("type") or "other values")

    def _plain(self, path: str, old: Schema, new: Schema) -> Iterator[Difference]:
        yield from _types(path, old, new)
        yield from _values(path, old, new)
        yield from _bounds(path, old, new)
        yield from self._properties(path, old, new)
        yield from self._nested(path, old, new)

    def _properties(self, path: str, old: Schema, new: Schema) -> Iterator[Difference]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            place = _below(path, name)
            if name not in after:
                yield Difference(place, True, "the field was removed")
                continue
            yield from self.of(place, before[name], after[name])
            if name in needed_after - needed_before:
                yield Difference(place, True, "the field became required")
            if name in needed_before - needed_after:
                yield Difference(place, False, "the field is no longer required")
        for name in [name for name in after if name not in before]:
            needed = name in needed_after
            what = "a required field was added" if needed else "an optional field was added"
            yield Difference(_below(path, name), needed, what)

    def _nested(self, path: str, old: Schema, new: Schema) -> Iterator[Difference]:
        for keyword in ("additionalProperties", "items"):
            before, after = _as_schema(old.get(keyword, True)), _as_schema(new.get(keyword, True))
            if before == after:
                continue
            if before is None or after is None:
                what = "unknown fields are now refused" if after is None else "unknown fields are now taken"
                yield Difference(path, after is None, what)
            else:
                yield from self.of(_below(path, "*"), before, after)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _as_schema(value: Any) -> Schema | None:
    if value is False:
        return None
    return {} if value is True else value


def _resolved(root: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def _types(path: str, old: Schema, new: Schema) -> Iterator[Difference]:
    before, after = old.get("type"), new.get("type")
    if before == after:
        return
    widened = after is None or (before == "integer" and after == "number")
    yield Difference(path, not widened, f"its type changed from {before or 'any'} to {after or 'any'}")


def _values(path: str, old: Schema, new: Schema) -> Iterator[Difference]:
    before, after = _allowed(old), _allowed(new)
    if after is not None and before is None:
        yield Difference(path, True, f"it now takes only {after}")
    elif before is not None and after is None:
        yield Difference(path, False, "it now takes any value of its type")
    elif before is not None and after is not None:
        if gone := [value for value in before if value not in after]:
            yield Difference(path, True, f"it no longer takes {', '.join(map(repr, gone))}")
        if added := [value for value in after if value not in before]:
            yield Difference(path, False, f"it now takes {', '.join(map(repr, added))} too")


def _allowed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(path: str, old: Schema, new: Schema) -> Iterator[Difference]:
    for keyword in sorted((set(old) | set(new)) - _ANNOTATIONS - _COMPARED - {"anyOf", "$ref"}):
        before, after = old.get(keyword), new.get(keyword)
        if before == after:
            continue
        looser = after is None or (
            before is not None
            and ((keyword in _LOWER_BOUNDS and after < before) or (keyword in _UPPER_BOUNDS and after > before))
        )
        yield Difference(path, not looser, f"{keyword} changed from {before or 'none'} to {after or 'none'}")
