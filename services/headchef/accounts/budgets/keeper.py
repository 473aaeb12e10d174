"""Keeps the accounts of tenants with a budget: takes what routers ask and questions took, and answers.

Of budgets.booked; produces budgets.answered and budgets.warned.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from headchef_contracts.events.budgets import (
    Amount,
    BudgetAnswered,
    BudgetAsked,
    BudgetRecalled,
    BudgetSettled,
    BudgetWarned,
    Day,
    Period,
    Reserved,
)
from headchef_contracts.events.common import Decided

from headchef.accounts.budgets.desk import Answer, Desk, Waiting, desk_key, read_desk
from headchef.accounts.budgets.granting import Bound, Granted, Refused, Waits, judge, shares_reached
from headchef.accounts.budgets.sums import BUDGETS, SETTLED, Sums, question_key, read_sums, sums_key
from headchef.runtime.processor import Change, Emit, Outcome, State, Timer
from headchef.tenants import TenantsInForce, beginning, next_after
from headchef.tenants.periods import PERIODS

_KEPT = timedelta(days=35)
"""After its end a period is remembered: what is late is counted, and people look at the month before."""

_PREFIX = "budgets\0"


class Keeper:
    """Keeps them.

    Args:
        tenants: has their budgets.
    """

    def __init__(self, tenants: TenantsInForce) -> None:
        self._tenants = tenants

    def asked(self, event: BudgetAsked, state: State, decided: Decided) -> Outcome:
        """Take what a task says, and answer it, or whom it concerns."""
        books = _Books(event.tenant, state, decided, self._tenants)
        heard = books.desk.heard.get(event.task, 0)
        if event.number > heard:
            if event.returned is not None:
                books.give_back(event.returned)
            books.desk = books.desk.hears(event)
            books.reconsider()
        elif any((each.task, each.number) == (event.task, event.number) for each in books.desk.waiting):
            # It asks again: what is set of the tenant may have changed.
            books.reconsider()
        elif event.wanted is not None:
            books.answer_again(event.task, event.number, event.wanted.day)
        return books.closed()

    def settled(self, event: BudgetSettled, state: State, decided: Decided) -> Outcome:
        """Count what a question took, once."""
        question = question_key(event)
        books = _Books(event.tenant, state, decided, self._tenants)
        known, counted = state.get(SETTLED, question), books.counted(event)
        # At least once a crash may have come between the two stores: what is not known there was never counted.
        if known is not None and int(known) <= counted:
            return Outcome(counted=("headchef.budgets.repeated",))
        books.settle(event)
        books.reconsider()
        closed = books.closed()
        change = Change(SETTLED, question, str(counted + 1).encode())
        return Outcome(closed.outputs, (change, *closed.changes), timers=closed.timers)

    def forget(self, timer: Timer) -> Outcome:
        """Forget a period that has long ended."""
        return Outcome(changes=(Change(BUDGETS, timer.payload, None),))


@dataclass(slots=True)
class _Books:
    """The account of one tenant while one event is handled."""

    tenant: str
    state: State
    decided: Decided
    tenants: TenantsInForce
    desk: Desk = field(init=False)
    _before: Desk = field(init=False)
    _sums: dict[tuple[Period, Day], Sums] = field(default_factory=dict)
    _outputs: list[Emit] = field(default_factory=list)
    _timers: list[Timer] = field(default_factory=list)

    def __post_init__(self) -> None:
        written = self.state.get(BUDGETS, desk_key(self.tenant))
        self.desk = self._before = Desk(tenant=self.tenant) if written is None else read_desk(written)

    def give_back(self, returned: Reserved) -> None:
        for sums in self._of(returned.day):
            self._put(sums.returned(returned.amount))

    def counted(self, event: BudgetSettled) -> int:
        """Say how many questions are counted in the month of a question."""
        return self._of(event.reserved.day)[-1].questions

    def settle(self, event: BudgetSettled) -> None:
        for sums in self._of(event.reserved.day):
            self._put(sums.settled(event))
        self._warn(event.reserved.day)

    def reconsider(self) -> None:
        """Answer all that can be answered now; where something must come back first, ask for what is idle."""
        for waiting in self.desk.waiting:
            match self._judged(waiting.wanted):
                case Granted(amount):
                    for sums in self._of(waiting.wanted.day):
                        self._put(sums.granted(amount))
                    granted = Reserved(day=waiting.wanted.day, amount=amount)
                    self._answer(waiting, Answer(number=waiting.number, granted=granted))
                case Refused(why):
                    self._answer(waiting, Answer(number=waiting.number, refusal=why))
                case Waits():
                    self._recall()

    def answer_again(self, task: int, number: int, day: Day) -> None:
        """Repeat the last answer; to what was said before that, nothing is granted, and its sender told where we are.

        Only at least once does a task say something that is behind.
        """
        last = self.desk.answers.get(task)
        if last is None or last.number != number:
            last = Answer(number=number, granted=Reserved(day=day, amount=Amount(usd=Decimal(), tokens=0)))
        self._say(task, last)

    def closed(self) -> Outcome:
        changes = [Change(BUDGETS, sums.key, sums.written()) for sums in self._sums.values()]
        if self.desk is not self._before:
            changes.append(Change(BUDGETS, self.desk.key, self.desk.written()))
        return Outcome(tuple(self._outputs), tuple(changes), timers=tuple(self._timers))

    def _judged(self, wanted: Reserved) -> Granted | Refused | Waits:
        if (shut := self.tenants.shut_by(self.tenant)) is not None:
            return Refused(f"the budget of the tenant {self.tenant!r} cannot be read, so nothing may be spent: {shut}")
        return judge(wanted.amount, list(self._bounds(wanted.day)), len(self.desk.heard))

    def _bounds(self, day: Day) -> Iterator[Bound]:
        budget = self.tenants.budget_of(self.tenant)
        if budget is not None:
            for sums in self._of(day):
                if (limit := budget.of(sums.period)) is not None:
                    yield Bound(limit, sums)

    def _answer(self, waiting: Waiting, answer: Answer) -> None:
        self.desk = self.desk.answered(waiting, answer)
        self._say(waiting.task, answer)

    def _say(self, task: int, answer: Answer) -> None:
        said = BudgetAnswered(
            tenant=self.tenant,
            task=task,
            number=answer.number,
            heard=self.desk.heard.get(task, answer.number),
            granted=answer.granted,
            refusal=answer.refusal,
            decided=self.decided,
        )
        self._outputs.append(Emit("budgets.answered", said, task))

    def _recall(self) -> None:
        self.desk, whom = self.desk.recalls()
        for task in whom:
            recalled = BudgetRecalled(tenant=self.tenant, task=task, decided=self.decided)
            self._outputs.append(Emit("budgets.answered", recalled, task))

    def _warn(self, day: Day) -> None:
        budget = self.tenants.budget_of(self.tenant)
        for bound in list(self._bounds(day)):
            for share in shares_reached(bound, budget.warn_at if budget else ()):
                sums = bound.sums
                warned = BudgetWarned(
                    tenant=self.tenant,
                    period=sums.period,
                    begins=sums.begins,
                    share=share,
                    spent=Amount(usd=sums.spent_usd, tokens=sums.spent_tokens),
                    limit=Amount(usd=bound.limit.usd, tokens=bound.limit.tokens),
                    next_at=next_after(sums.period, sums.begins),
                    decided=self.decided,
                )
                about = f"{sums.key.decode()}\0{share}"
                self._outputs.append(Emit("budgets.warned", warned, identity=about))
                known = self._sums[sums.period, sums.begins]
                self._put(known.model_copy(update={"warned": (*known.warned, share)}))

    def _of(self, day: Day) -> list[Sums]:
        """Give the sums of the periods that a day is in."""
        return [self._read(period, beginning(period, day)) for period in PERIODS]

    def _read(self, period: Period, begins: Day) -> Sums:
        if (known := self._sums.get((period, begins))) is not None:
            return known
        written = self.state.get(BUDGETS, sums_key(self.tenant, period, begins))
        return Sums(tenant=self.tenant, period=period, begins=begins) if written is None else read_sums(written)

    def _put(self, sums: Sums) -> None:
        if (sums.period, sums.begins) not in self._sums and self.state.get(BUDGETS, sums.key) is None:
            due: datetime = next_after(sums.period, sums.begins) + _KEPT
            self._timers.append(Timer(f"{_PREFIX}{sums.key.decode()}", due, sums.key))
        self._sums[sums.period, sums.begins] = sums
