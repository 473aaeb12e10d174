"""Gives places to jobs of which something is left, so many in a task: who comes next gets that of the oldest. Pure.

Nothing can be listed in a store, so what is kept in all is bounded by places that are gone through in a circle.
"""

from dataclasses import dataclass

from headchef_contracts.events.common import Part

from headchef.router.leading.records import JOBS
from headchef.runtime.processor import Change, State

_NEXT = b"\0\0next"


class Next(Part):
    """Which place is given next, counted from the beginning."""

    number: int


class Place(Part):
    """Whose a place is, by the key of what is left."""

    key: str


@dataclass(frozen=True, slots=True)
class Given:
    """A place that is given.

    Attributes:
        number: of the place.
        former: the key of what has been there, if that is still kept.
        changes: of the store of jobs.
    """

    number: int
    former: bytes | None
    changes: tuple[Change, ...]


def give(key: bytes, most: int, state: State) -> Given:
    """Give the next place.

    Args:
        key: of what is left of a job.
        most: how many places there are.
        state: of the task.
    """
    value = state.get(JOBS, _NEXT)
    count = 0 if value is None else Next.model_validate_json(value).number
    number = count % most
    taken = state.get(JOBS, _name(number))
    former = None if taken is None else Place.model_validate_json(taken).key.encode()
    changes = (
        Change(JOBS, _NEXT, Next(number=count + 1).model_dump_json().encode()),
        Change(JOBS, _name(number), Place(key=key.decode()).model_dump_json().encode()),
    )
    return Given(number, former, changes)


def given_back(number: int, state: State) -> tuple[Change, ...]:
    """Give a place back that is not needed any more."""
    return () if state.get(JOBS, _name(number)) is None else (Change(JOBS, _name(number), None),)


def _name(number: int) -> bytes:
    """Name a place: unlike any job, and unlike what is left of one."""
    return b"\0\0%d" % number
