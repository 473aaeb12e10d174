"""Says where a batch was paused and should not have been, or the reverse: the evidence is worked out from the log.

Until a batch is resumed it is known to the record when it must pause. After that, a process may hear of the resume some
records late, which then count for nothing: so a pause must have evidence in some run of records that ends with it. In a
world without faults all is known to the record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from headchef.batches.account import ACCOUNTS, account_key, read_account
from tests.simulation.counting.jobs import RESUMED_AT
from tests.simulation.counting.world import COUNTED, WARM_UP, CountingWorld, name_of

Name = tuple[str, str]
Place = tuple[int, int]

_TIMES_THE_ODDS = (1.1, 1.25, 1.5, 2, 3, 5, 10, 30, 100, 1000)
_ENOUGH = 20
_ANSWERS = ("ok", "needs_review", "rejected", "failed")


@dataclass(frozen=True, slots=True)
class Answer:
    """A job of a batch that was counted.

    Attributes:
        place: of its record.
        answers: 1 if it is an answer, else 0.
        bad: 1 if that is bad, else 0.
        is_new: whether it ended after the time at which batches are resumed.
        is_later: whether it was told after they had been.
        is_last: whether the batch has finished by it.
    """

    place: Place
    answers: int
    bad: int
    is_new: bool
    is_later: bool
    is_last: bool


def violations(world: CountingWorld, *, is_exact: bool) -> Iterator[str]:
    """Give what does not hold, in words.

    Args:
        world: which has ended.
        is_exact: whether nothing went wrong in it.
    """
    said: dict[Name, list[dict[str, Any]]] = {}
    for record in world.cluster.read_committed(name_of("brakes")):
        event = orjson.loads(record.value or b"")
        said.setdefault((event["scope"]["tenant"], event["scope"]["batch_id"]), []).append(event)
    if unknown := [name for name in said if name not in world.drawn.limits]:
        yield f"no batch is paused that has no limit: {unknown}"
    for name, limit in world.drawn.limits.items():
        paused, repeated = _pauses(said.get(name, []))
        if repeated:
            yield f"a batch is paused once until it is resumed: {name} is paused at {paused}"
        yield from _misplaced(name, limit, paused, _answers(world, name), world, is_exact=is_exact)


def _pauses(said: Sequence[dict[str, Any]]) -> tuple[list[Place], bool]:
    """Give the record at which each pause was decided, once, and whether two came one after the other."""
    places: list[Place] = []
    repeated = is_paused = False
    for event in said:
        if event["action"] == "resume":
            is_paused = False
            continue
        [cause] = event["decided"]["causes"]
        place = cause["partition"], cause["offset"]
        if place in places:
            continue
        repeated |= is_paused
        is_paused = True
        places.append(place)
    return places, repeated


def _misplaced(
    name: Name, limit: float, paused: Sequence[Place], told: Sequence[Answer], world: CountingWorld, *, is_exact: bool
) -> Iterator[str]:
    is_resumed = name in world.drawn.resumed and bool(world.counted_before)
    first = [each for each in told if not (is_resumed and each.is_later)]
    later = [each for each in told if is_resumed and each.is_later]
    before = [place for place in paused if place in {each.place for each in first}]
    after = [place for place in paused if place not in before]
    if before != (wanted := _crossing(first, limit)):
        yield f"a batch pauses when it is certain: {name}, limit {limit}, pauses at {before}, and {wanted} is right"
    if is_exact and after != (wanted := _crossing([each for each in later if each.is_new], limit)):
        yield f"after a resume it pauses for what is new: {name}, limit {limit}, pauses at {after}, not {wanted}"
    for place in after:
        if not _has_evidence(told, place, limit):
            yield f"a batch pauses only if it is certain: {name}, limit {limit}, pauses at {place}"
    window = _window(world, name)
    if window is not None and not window[2] and window[0] >= WARM_UP and _is_above(*window[:2], limit):
        yield f"a batch pauses when it is certain: {name}, limit {limit}, has {window} and goes on"


def _crossing(told: Sequence[Answer], limit: float) -> list[Place]:
    answers = bad = 0
    for each in told:
        answers, bad = answers + each.answers, bad + each.bad
        if each.answers and answers >= WARM_UP and _is_above(answers, bad, limit):
            return [] if each.is_last else [each.place]
    return []


def _has_evidence(told: Sequence[Answer], place: Place, limit: float) -> bool:
    places = [each.place for each in told]
    if place not in places:
        return False
    until = places.index(place) + 1
    for start in range(until):
        for run in (told[start:until], [each for each in told[start:until] if each.is_new]):
            answers, bad = sum(each.answers for each in run), sum(each.bad for each in run)
            if answers >= WARM_UP and _is_above(answers, bad, limit):
                return True
    return False


def _is_above(answers: int, bad: int, limit: float) -> bool:
    bets = [odds**bad / (1 + limit * (odds - 1)) ** answers for odds in _TIMES_THE_ODDS]
    return sum(bets) / len(bets) >= _ENOUGH


def _answers(world: CountingWorld, name: Name) -> list[Answer]:
    """Give what a batch counts, in order: of each job what is newer than before, until all have come to something."""
    found: list[Answer] = []
    best: dict[str, tuple[bool, int]] = {}
    size = 0
    for record in world.cluster.read_committed(name_of(COUNTED)):
        event = orjson.loads(record.value or b"")
        if (event.get("tenant", "default"), event["batch_id"]) != name or (found and found[-1].is_last):
            continue
        size = max(size, event.get("batch_size") or 0)
        rank = event["status"] != "refused", event.get("run", 0)
        is_newer = event["job_id"] not in best or rank > best[event["job_id"]]
        if is_newer:
            best[event["job_id"]] = rank
        is_last = len(best) >= size > 0
        if is_newer or is_last:
            is_answer = is_newer and event["status"] in _ANSWERS
            found.append(
                Answer(
                    place=(record.partition, record.offset),
                    answers=int(is_answer),
                    bad=int(is_answer and event["status"] in ("rejected", "failed")),
                    is_new=datetime.fromisoformat(event["ended_at"]) > RESUMED_AT,
                    is_later=record.offset >= world.counted_before.get(record.partition, 1 << 60),
                    is_last=is_last,
                )
            )
    return found


def _window(world: CountingWorld, name: Name) -> tuple[int, int, bool] | None:
    """Give what the account of an open batch says that it holds against the limit, and whether it is paused."""
    stored = [
        record.value
        for record in world.cluster.read_committed(name_of(f"batches.{ACCOUNTS}.changelog"))
        if record.key == account_key(*name)
    ]
    if not stored or stored[-1] is None:
        return None
    account = read_account(stored[-1])
    return None if account.finished else (account.window.answers, account.window.bad, account.window.paused)
