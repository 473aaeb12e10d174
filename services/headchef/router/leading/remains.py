"""What is left of a job that came to no good end: the units that succeeded, which its next run takes over. Pure.

Their records stay where they are, for a while. Beside them lies a list of them, with what each was asked: a unit is
taken over only for the very same work, since what it depends on may come out otherwise this time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headchef_contracts.events.jobs import JobStatus

from headchef.router.leading import places
from headchef.router.leading.led import Led
from headchef.router.leading.left import Left, LeftUnit, hash_of, left_key, left_of, name_of
from headchef.router.leading.records import JOBS, UnitRecord
from headchef.runtime.processor import Change, State, Timer
from headchef.template import Renderer
from headchef.workflow.progress import Audit, Came, Judge, Progress, Reserve, Unit, Work

_DONE_AGAIN = (Audit, Reserve)
"""What costs nothing, and what a job gives back that comes to no good end. And a person is asked again who has not
decided."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the end of a job changes of what is left of it.

    Attributes:
        kept: units whose records stay.
        changes: of the store of jobs, beside the records of the job itself.
        timers: when what is left is to be forgotten.
        cleared: timers that are not needed any more.
    """

    kept: frozenset[Unit] = frozenset()
    changes: tuple[Change, ...] = ()
    timers: tuple[Timer, ...] = ()
    cleared: tuple[str, ...] = ()


class Remains:
    """Keeps what is left of jobs.

    Args:
        renderer: fills templates.
        judge: judges outputs.
        keep: for how long; nothing is kept if that is none.
        max_jobs: of a task of which something is kept, the newest ones.
        max_bytes: of the records of a job's run; those that ended first are kept.
    """

    def __init__(self, renderer: Renderer, judge: Judge, keep: timedelta, *, max_jobs: int, max_bytes: int) -> None:
        self._renderer = renderer
        self._judge = judge
        self._keep = keep
        self._max_jobs = max_jobs
        self._max_bytes = max_bytes

    def over(self, led: Led, status: JobStatus, state: State, at: datetime, *, at_once: bool) -> Keeping:
        """Say what stays of a job that is over.

        Args:
            led: the job.
            status: of its result.
            at_once: whether it was over when it had begun, and so has done nothing that had not been done before.
            state: of its task.
            at: the time.
        """
        head, key = led.record.head, left_key(led.record.head)
        if at_once and status != "ok":
            return Keeping()
        before = left_of(head, state)
        known = () if before is None else before.units
        own: tuple[LeftUnit, ...] = ()
        if status != "ok" and self._keep:
            own = tuple(self._own(led))
        of_own = {each.unit for each in own}
        stays = status != "ok" and before is not None and before.content == led.record.content
        rest = tuple(each for each in known if stays and each.unit not in of_own)
        gone = tuple(_forgotten(key, (each for each in known if not stays or each.unit in of_own), state))
        if own or rest:
            place, changes, cleared = self._place(key, state) if before is None else (before.place, (), ())
            left = Left(content=led.record.content, units=(*own, *rest), place=place).model_dump_json().encode()
            timer = Timer(key.decode(), at + self._keep, key, head.job_class)
            return Keeping(frozenset(of_own), (Change(JOBS, key, left), *gone, *changes), (timer,), cleared)
        if before is None:
            return Keeping()
        return Keeping(changes=forgotten(key, state), cleared=(key.decode(),))

    def _place(self, key: bytes, state: State) -> tuple[int, tuple[Change, ...], tuple[str, ...]]:
        """Give a place, and what it takes to have it: whoever was there is forgotten."""
        given = places.give(key, self._max_jobs, state)
        if given.former is None:
            return given.number, given.changes, ()
        return given.number, (*forgotten(given.former, state), *given.changes), (given.former.decode(),)

    def _own(self, led: Led) -> Iterator[LeftUnit]:
        records, size = led.records(), 0
        works = self._works(led, records)
        for record in records:
            work, came = works.get(record.unit), record.outcome
            undecided = record.review is not None and record.review.outcome == "undecided"
            if work is None or not isinstance(came, Came) or isinstance(work, _DONE_AGAIN) or undecided:
                continue
            if isinstance(led.progress.judged(work, came), Came):
                size += len(record.written(led.at_hand.reference(led.record.head.tenant, record.output)))
                if size > self._max_bytes:
                    return
                run = led.record.head.run
                yield LeftUnit(step_id=record.step_id, item=record.item, run=run, work=hash_of(work))

    def _works(self, led: Led, records: Sequence[UnitRecord]) -> Mapping[Unit, Work]:
        """Give what was done for each unit, by going through the job once more; only jobs that failed pay for that."""
        progress = Progress(led.progress.workflow, led.record.input, renderer=self._renderer, judge=self._judge)
        works = {work.unit: work for work in progress.begin()}
        for record in records:
            works |= {work.unit: work for work in progress.ended(record.unit, record.outcome)}
        return works


def forgotten(key: bytes, state: State) -> tuple[Change, ...]:
    """Forget what is left of a job, when that has been kept for long enough.

    Args:
        key: by `left_key`.
        state: of its task.
    """
    if (value := state.get(JOBS, key)) is None:
        return ()
    left = Left.model_validate_json(value)
    return (Change(JOBS, key, None), *_forgotten(key, left.units, state), *places.given_back(left.place, state))


def _forgotten(key: bytes, units: Iterable[LeftUnit], state: State) -> Iterator[Change]:
    for each in units:
        name = name_of(key, each)
        if state.get(JOBS, name) is not None:
            yield Change(JOBS, name, None)
