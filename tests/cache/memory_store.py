"""An answer store in memory, which can be told to be away or to refuse."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought, StoredAnswer
from headchef.qdrant.errors import StoreUnavailable


class MemoryAnswerStore(AnswerStore):
    """Passes the same behaviour suite as the real ones.

    Attributes:
        fault: raised by each call while it is set.
        calls: how many calls came through, also those that met the fault.
        empty: whether it says that it is to be filled again.
    """

    def __init__(self) -> None:
        self.fault: StoreUnavailable | None = None
        self.calls = 0
        self.empty = False
        self._answers: dict[Sought, StoredAnswer] = {}
        self._open = False

    @property
    def contents(self) -> Collection[StoredAnswer]:
        """All that it has, of all tenants."""
        return self._answers.values()

    async def open(self) -> None:
        self._meet_fault()
        self._open = True

    async def lookup(self, sought: Sequence[Sought]) -> Sequence[StoredAnswer | None]:
        self._meet_fault()
        self._check_open()
        return [self._answers.get(each) for each in sought]

    async def put(self, answers: Sequence[StoredAnswer]) -> None:
        self._meet_fault()
        self._check_open()
        for each in answers:
            self._answers[Sought(each.tenant, each.fingerprint)] = each

    async def remove(self, selection: Selection) -> None:
        self._meet_fault()
        self._check_open()
        self._answers = {name: each for name, each in self._answers.items() if not selection.has(each)}

    async def least(self, most: int) -> Sequence[Ranking]:
        self._meet_fault()
        self._check_open()
        ranked = sorted(self._answers.values(), key=lambda each: each.worth)
        return [Ranking(each.fingerprint, each.worth) for each in ranked[:most]]

    async def revalue(self, worths: Sequence[Ranking]) -> None:
        self._meet_fault()
        self._check_open()
        given = {each.fingerprint: each.worth for each in worths}
        self._answers = {
            name: replace(each, worth=max(each.worth, given.get(each.fingerprint, 0.0)))
            for name, each in self._answers.items()
        }

    async def unfilled(self) -> bool:
        self._meet_fault()
        return self.empty

    async def set_unfilled(self, unfilled: bool) -> None:
        self._meet_fault()
        self.empty = unfilled

    async def count(self) -> int:
        self._meet_fault()
        self._check_open()
        return len(self._answers)

    async def close(self) -> None:
        self._open = False

    def _meet_fault(self) -> None:
        self.calls += 1
        if self.fault is not None:
            raise self.fault

    def _check_open(self) -> None:
        if not self._open:
            raise StoreUnavailable("closed", "the answer store is not open")
