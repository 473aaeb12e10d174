"""Finds out what a re-drive would send, before anything is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headchef_contracts import topics

from headchef.cli.letters.choice import Choice
from headchef.cli.letters.earlier import sent_before
from headchef.cli.letters.letter import Letter
from headchef.cli.letters.reading import read_letter, read_letters
from headchef.cli.letters.redrive import Redrive, Unfit, redrive, source_of, too_often
from headchef.runtime.log.port import Log

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at and sent.

    Attributes:
        max_records: at most this many letters of a partition are looked at, the newest.
        limit: at most this many are sent, the oldest; None for all.
        max_redrives: how often one record may be sent back.
    """

    max_records: int
    limit: int | None
    max_redrives: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent, and what not.

    Attributes:
        redrives: what would be sent, in this order.
        left_out: letters that cannot be sent back, and why.
        before: places of letters that were sent back before.
        skipped: older letters that were not looked at.
    """

    redrives: Sequence[Redrive]
    left_out: Sequence[tuple[Letter, str]]
    before: Sequence[str]
    skipped: int


async def plan(
    log: Log,
    choice: Choice,
    bounds: Bounds,
    *,
    namespace: str,
    lanes: Sequence[str],
    entries: Sequence[str] = (),
    progress: Progress,
) -> Plan:
    """Read the letters that are meant, and see which of them can be sent back.

    Args:
        log: the cluster.
        choice: checked.
        bounds: how much.
        namespace: first part of the topics' names.
        lanes: names of the quota pools.
        entries: names of the entries beside the public one.
        progress: told how many offsets are passed, of how many.

    Raises:
        WorkFailed: there is no letter at the place, or there are no topics.
    """
    letters, skipped = await _read(log, choice, bounds.max_records, namespace, choice.names(lanes, entries), progress)
    sources = {topics.physical(namespace, source_of(letter.topic)) for letter in letters}
    counts = await log.partition_counts(sorted(sources)) if sources else {}
    redrives: list[Redrive] = []
    left_out: list[tuple[Letter, str]] = []
    for letter in letters:
        try:
            redrives.append(redrive(letter, namespace=namespace, counts=counts))
        except Unfit as why:
            left_out.append((letter, str(why)))
    before = await sent_before(log, redrives, namespace=namespace, progress=progress)
    fit: list[Redrive] = []
    for each in redrives:
        if each.letter.place in before:
            continue
        if (spent := too_often(each, bounds.max_redrives)) is not None:
            left_out.append((each.letter, spent))
        else:
            fit.append(each)
    return Plan(fit[: bounds.limit], left_out, sorted(before), skipped)


async def _read(
    log: Log, choice: Choice, max_records: int, namespace: str, names: Sequence[str], progress: Progress
) -> tuple[list[Letter], int]:
    if choice.place is not None:
        return [await read_letter(log, namespace=namespace, place=choice.place)], 0
    found, skipped = await read_letters(
        log, namespace=namespace, names=names, max_records=max_records, progress=progress
    )
    return choice.chosen(found), skipped
