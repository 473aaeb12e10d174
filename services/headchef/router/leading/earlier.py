"""What the earlier runs of a job have done, for one that is under way: it is taken over, as far as it is kept. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from itertools import islice

from headchef_contracts.events.common import Decided, Reference, Usage

from headchef.bodies import BodiesAtHand, BodyUnusable
from headchef.router.leading.left import Left, LeftUnit, hash_of, left_key, name_of
from headchef.router.leading.records import JOBS, JobRecord, UnitRecord
from headchef.runtime.processor import State
from headchef.workflow.progress import Unit, Work

_LEAST_AT_ONCE = 8
"""Bodies that are asked for where one is not at hand. If they were too few, as many as are at hand by then: so all is
gone through few times, and no more than twice as many are read as are needed."""


class Earlier:
    """Knows what is left of them: as it is stored now, which is read once for as long as that is the same.

    Args:
        record: of the job.
        state: of its task.
        at_hand: has what records refer to.
    """

    def __init__(self, record: JobRecord, state: State, at_hand: BodiesAtHand) -> None:
        self._takes_over = record.takes_over
        self._content = record.content if record.takes_over else None
        self._key = left_key(record.head)
        self._tenant = record.head.tenant
        self._state = state
        self._at_hand = at_hand
        self._written: bytes | None = None
        self._read: Mapping[Unit, LeftUnit] = {}

    def of(self, work: Work, decided: Decided) -> UnitRecord | None:
        """Give what came of the same work, as something that has cost nothing; None if it has not been done.

        Args:
            work: that is to be done.
            decided: at what time and from what.

        Raises:
            NotAtHand: it, or others that may be asked for next, refer to bodies that have to be read first.
        """
        if (left := self._units().get(work.unit)) is None or left.work != hash_of(work):
            return None
        if (found := self._record(left)) is None:
            return None
        free = {"usage": Usage(), "cost_usd": Decimal(), "reckoned_usd": None, "attempts": 0, "provider_s": 0.0}
        since = {"at": decided.at, "cause": decided.causes[0], "reused": False, "repaired": 0}
        if found.review is not None and found.review.at is None:
            since["review"] = found.review.model_copy(update={"at": found.at})
        return found.model_copy(update={**free, **since, "run": left.run if found.run is None else found.run})

    def _units(self) -> Mapping[Unit, LeftUnit]:
        written = self._state.get(JOBS, self._key) if self._takes_over else None
        if written is not self._written:
            left = None if written is None else Left.model_validate_json(written)
            self._read = {each.unit: each for each in left.units} if left and left.content == self._content else {}
            self._written = written
        return self._read

    def _record(self, left: LeftUnit) -> UnitRecord | None:
        """Give the record of a unit; None where it, or its output, is gone."""
        found = self._stored(left)
        if found is None or found.output_reference is None:
            return found
        with suppress(BodyUnusable):
            if not self._at_hand.has(self._tenant, found.output_reference):
                most = max(_LEAST_AT_ONCE, self._at_hand.count)
                self._at_hand.need(self._tenant, islice(self._referred_from(left), most))
            return found.with_output(self._tenant, self._at_hand)
        return None

    def _referred_from(self, left: LeftUnit) -> Iterator[Reference]:
        """Give the bodies that are referred to and are not at hand, from one unit on, in the order of their ends."""
        units = list(self._read)
        place = units.index(left.unit)
        for unit in (*units[place:], *units[:place]):
            record = self._stored(self._read[unit])
            reference = None if record is None else record.output_reference
            if reference is not None and not self._at_hand.has(self._tenant, reference):
                yield reference

    def _stored(self, left: LeftUnit) -> UnitRecord | None:
        value = self._state.get(JOBS, name_of(self._key, left))
        return None if value is None else UnitRecord.model_validate_json(value)
