"""Where a reader of results stopped, as text that a user can give back: `finished:0=12,1=7;refused:0=3`."""

import re
from collections.abc import Mapping

from headchef.cli.faults import WrongUsage

TOPICS = {"finished": "jobs.finished", "refused": "jobs.refused"}
"""Short names in the text, and the logical topics that they stand for."""

_PART = re.compile(r"(?P<name>[a-z]+):(?P<offsets>\d+=\d+(,\d+=\d+)*)")

Place = Mapping[tuple[str, int], int]
"""Next offset to read, by logical topic and partition number."""


def written(place: Place) -> str:
    """Write a place as text."""
    parts = []
    for name, topic in TOPICS.items():
        offsets = [f"{number}={offset}" for (of, number), offset in sorted(place.items()) if of == topic]
        if offsets:
            parts.append(f"{name}:{','.join(offsets)}")
    return ";".join(parts)


def read(text: str) -> Place:
    """Read a place from text.

    Raises:
        WrongUsage: it is not the text of a place.
    """
    place: dict[tuple[str, int], int] = {}
    for part in text.split(";"):
        matched = _PART.fullmatch(part.strip())
        if matched is None or matched["name"] not in TOPICS:
            raise WrongUsage(
                f'--from: "{text}" is not a place',
                "give start, now, or what an earlier run printed, such as finished:0=12,1=7;refused:0=3",
            )
        for pair in matched["offsets"].split(","):
            number, offset = pair.split("=")
            place[TOPICS[matched["name"]], int(number)] = int(offset)
    return place
