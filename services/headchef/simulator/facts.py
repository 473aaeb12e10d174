"""Finds facts in a prompt: `name: value` lines and the pairs of JSON objects."""

import re
from dataclasses import dataclass
from functools import lru_cache

import orjson

Scalar = str | int | float | bool

_PAIR = re.compile(r'"([A-Za-z][\w \-]{0,40})"\s*:\s*("(?:[^"\\]|\\.){1,200}"|-?\d{1,15}(?:\.\d{1,10})?|true|false)')
_LINE = re.compile(r"^[ \t*•\-]*([A-Za-z][\w /()\-]{0,40}?)[ \t]*[:=][ \t]*([^\s{\[][^\n]{0,199})$", re.MULTILINE)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
_SUBJECTS = ("name", "title", "product", "product name", "city", "place", "car", "item", "model")
_MAX_FACTS = 40
_NAMES = 4096


@dataclass(frozen=True, slots=True)
class Facts:
    """What a prompt says about its subject.

    Attributes:
        subject: what the text is about, in a few words.
        pairs: label and value, in the order of the prompt, without the subject.
        by_name: value by normalised label.
    """

    subject: str
    pairs: tuple[tuple[str, Scalar], ...]
    by_name: dict[str, Scalar]


@lru_cache(maxsize=_NAMES)
def normalise(name: str) -> str:
    """Make labels and property names comparable: `Fuel type`, `fuel_type` and `fuelType` are one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name) if not name.islower() else name
    return spaced.replace("_", " ").replace("-", " ").strip().lower()


def find_facts(prompt: str) -> Facts:
    """Read the facts out of a prompt, at most 40 of them."""
    found: dict[str, tuple[str, Scalar]] = {}
    for label, value in _PAIR.findall(prompt):
        found.setdefault(normalise(label), (label, orjson.loads(value)))
    for label, value in _LINE.findall(prompt):
        found.setdefault(normalise(label), (label, _scalar(value.strip())))
    while len(found) > _MAX_FACTS:
        found.popitem()
    named = next((name for name in _SUBJECTS if name in found), next(iter(found), None))
    subject = str(found[named][1]) if named else " ".join(prompt.split()[:8])
    pairs = tuple((label.replace("_", " "), value) for name, (label, value) in found.items() if name != named)
    by_name = {name: value for name, (_, value) in found.items()}
    return Facts(subject[:80] or "nothing in particular", pairs, by_name)


def _scalar(text: str) -> Scalar:
    bare = text.rstrip(".,;")
    if _NUMBER.fullmatch(bare):
        return float(bare) if "." in bare else int(bare)
    return text
