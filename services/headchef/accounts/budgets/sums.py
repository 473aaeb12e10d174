"""What a tenant has spent in a period, and what is out: drawn by tasks and not settled yet. As it is stored. Pure."""

from decimal import Decimal

from headchef_contracts.events.budgets import Amount, BudgetSettled, Day, Period
from headchef_contracts.events.common import Part

from headchef.runtime.stored import read_stored

BUDGETS, SETTLED = "budgets", "settled"

_VERSION = 1


class Sums(Part):
    """One period of one tenant.

    Attributes:
        v: of this form.
        tenant: whose.
        period: day or month.
        begins: its first day.
        spent_usd: by questions that are settled.
        spent_tokens: by them.
        out_usd: drawn by tasks, idle there or reserved for questions under way.
        out_tokens: likewise.
        questions: so many are settled.
        warned: shares of the limit that were warned of.
    """

    v: int = _VERSION
    tenant: str
    period: Period
    begins: Day
    spent_usd: Decimal = Decimal()
    spent_tokens: int = 0
    out_usd: Decimal = Decimal()
    out_tokens: int = 0
    questions: int = 0
    warned: tuple[float, ...] = ()

    @property
    def key(self) -> bytes:
        """Names the period in the store."""
        return sums_key(self.tenant, self.period, self.begins)

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def granted(self, amount: Amount) -> "Sums":
        """Let a task draw so much; what has no bound is not counted as out."""
        return self._moved(usd=amount.usd or Decimal(), tokens=amount.tokens or 0)

    def returned(self, amount: Amount) -> "Sums":
        """Take back what was drawn. No less than nothing is out: at least once something may come back twice."""
        return self._moved(usd=-(amount.usd or Decimal()), tokens=-(amount.tokens or 0))

    def settled(self, event: BudgetSettled) -> "Sums":
        """Count what a question took, in place of what was reserved for it; where it is not known, what was."""
        reserved, spent = event.reserved.amount, event.spent
        usd = (reserved.usd or Decimal()) if spent.usd is None else spent.usd
        back = self.returned(reserved)
        return back.model_copy(
            update={
                "spent_usd": self.spent_usd + usd,
                "spent_tokens": self.spent_tokens + (spent.tokens or 0),
                "questions": self.questions + 1,
            }
        )

    def _moved(self, *, usd: Decimal, tokens: int) -> "Sums":
        out_usd, out_tokens = max(Decimal(), self.out_usd + usd), max(0, self.out_tokens + tokens)
        return self.model_copy(update={"out_usd": out_usd, "out_tokens": out_tokens})


def sums_key(tenant: str, period: Period, begins: Day) -> bytes:
    """Name a period of a tenant."""
    return f"{tenant}\0{period}\0{begins}".encode()


def read_sums(value: bytes) -> Sums:
    """Read what `Sums.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Sums, value, _VERSION, "the budget of a tenant")


def question_key(event: BudgetSettled) -> bytes:
    """Name a question that is settled: one plan of a step, or of an item of it."""
    about = (event.tenant, event.job_id, str(event.run), str(event.revision), event.step_id, event.item or "")
    return "\0".join((*about, str(event.plan))).encode()
