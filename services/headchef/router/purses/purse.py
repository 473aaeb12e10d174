"""What a task has drawn of a tenant's budget and not used, and who waits for more; as it is stored. Pure.

Whoever asks the account gives back what is left: so a purse is empty while an answer is to come, and what an account
knows to be out is under way, or idle at tasks that have asked for nothing since.
"""

from decimal import Decimal

from headchef_contracts.events.budgets import Amount, Day, Reserved
from headchef_contracts.events.common import Part

from headchef.runtime.stored import read_stored

PURSES = "purses"

_VERSION = 1

EMPTY = Amount(usd=Decimal(), tokens=0)


class Purse(Part):
    """Of one tenant in one task.

    Attributes:
        v: of this form.
        tenant: whose money it is.
        number: of what was said last to the account.
        day: of which the rest is; while an answer is to come, of which it was asked for.
        left: of what was drawn; None for what nothing bounds.
        unanswered: numbers of what was asked and may still be answered, the newest last.
        first: the number of the question that waits longest, if any does.
        end: the number of the next one that will have to wait.
    """

    v: int = _VERSION
    tenant: str
    number: int = 0
    day: Day = ""
    left: Amount = EMPTY
    unanswered: tuple[int, ...] = ()
    first: int = 0
    end: int = 0

    @property
    def key(self) -> bytes:
        """Names the purse in the store."""
        return self.tenant.encode()

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    @property
    def holds(self) -> Reserved | None:
        """What can be given back; None where that is nothing."""
        if not self.day or not (self.left.usd or self.left.tokens):
            return None
        return Reserved(day=self.day, amount=self.left)

    @property
    def waits(self) -> bool:
        """Whether any question waits."""
        return self.first < self.end

    def covers(self, need: Amount, day: Day) -> bool:
        """Say whether a question of a day can be paid for. One without a price only where money has no bound."""
        usd = self.left.usd is None or (need.usd is not None and need.usd <= self.left.usd)
        return self.day == day and usd and (self.left.tokens is None or (need.tokens or 0) <= self.left.tokens)

    def pays(self, need: Amount) -> tuple["Purse", Reserved]:
        """Take what a question is expected to need, and give what is reserved for it: nothing of what has no bound."""
        left, usd, tokens = self.left, need.usd or Decimal(), need.tokens or 0
        reserved = Amount(
            usd=None if left.usd is None else usd,
            tokens=None if left.tokens is None else tokens,
        )
        rest = Amount(
            usd=None if left.usd is None else left.usd - usd,
            tokens=None if left.tokens is None else left.tokens - tokens,
        )
        return self.model_copy(update={"left": rest}), Reserved(day=self.day, amount=reserved)

    def speaks(self) -> "Purse":
        """Give back all that is left, with a number of its own."""
        return self.model_copy(update={"number": self.number + 1, "left": EMPTY})

    def asks(self, day: Day) -> "Purse":
        """Say something that is to be answered, about a day."""
        said = self.speaks()
        return said.model_copy(update={"unanswered": (*said.unanswered, said.number), "day": day})

    @property
    def asked(self) -> int | None:
        """The number of what is to be answered; None where that is nothing."""
        return self.unanswered[-1] if self.unanswered else None

    def hears(self, number: int, heard: int) -> "Purse":
        """Take note of an answer; what was asked before it is answered no more."""
        left = tuple(each for each in self.unanswered if each > number)
        return self.model_copy(update={"unanswered": left, "number": max(self.number, heard)})

    def takes(self, granted: Reserved) -> "Purse":
        """Put into an empty purse what was granted."""
        return self.model_copy(update={"day": granted.day, "left": granted.amount})


def read_purse(value: bytes) -> Purse:
    """Read what `Purse.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Purse, value, _VERSION, "the purse of a tenant")
