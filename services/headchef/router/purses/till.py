"""The till that each question of a tenant with a budget passes: paid from a purse, or waiting until an account answers.

Tenants without a budget pass it untouched.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from headchef_contracts.events.budgets import BudgetAnswered, BudgetRecalled
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.steps import StepJudged, StepPlanned

from headchef.bodies import BodiesAtHand
from headchef.catalogue import Catalogue
from headchef.router.purses.alarm import Alarm, is_alarm, read_alarm
from headchef.router.purses.parked import Parked
from headchef.router.purses.visit import Visit, plan_in
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from headchef.tenants import TenantsInForce

MOST_AT_ONCE = 50
"""Questions that go on by one answer; for the rest the account is asked once more."""

Decide = Callable[[tuple[Cause, ...]], Decided]
"""Gives at what time something is decided, and from what."""

Resume = Callable[[Parked, str | None, Decided], Outcome]
"""Goes on with a question that has waited; or ends it where nothing is granted, and why."""


class Till:
    """Lets questions pass.

    Args:
        tenants: has the budgets.
        among: accounts are in so many of the first partitions of their topic.
        patience: a question that waits longer for what others have reserved ends without an answer.
        at_hand: has bodies that questions which wait refer to.
    """

    def __init__(self, tenants: TenantsInForce, among: int, patience: timedelta, at_hand: BodiesAtHand) -> None:
        self._tenants = tenants
        self._among = among
        self._patience = patience
        self._at_hand = at_hand

    def passed(
        self, outcome: Outcome, delivery: Delivery, state: State, catalogue: Catalogue, decide: Callable[[], Decided]
    ) -> Outcome:
        """Have all plans of an outcome paid for, or wait.

        Args:
            outcome: of the delivery, as if there were no budgets.
            delivery: what was handled.
            state: of its task.
            catalogue: has the prices.
            decide: gives at what time and from what.
        """
        if not any(self._planned(each) for each in outcome.outputs):
            return outcome
        # Where the step has ended, what is planned is of others.
        event = delivery.event
        verdict = event if isinstance(event, StepJudged) and event.ended is None and not outcome.changes else None
        visit = self._visit(delivery, state, catalogue, decide())
        self._absorb(outcome, visit, verdict)
        return _closed(visit, outcome)

    def concerns(self, delivery: Delivery) -> bool:
        """Say whether a delivery is about a purse: what an account says, or a timer that was set here."""
        if delivery.timer is not None:
            return is_alarm(delivery.timer)
        return isinstance(delivery.event, BudgetAnswered | BudgetRecalled)

    def heard(self, delivery: Delivery, state: State, catalogue: Catalogue, decide: Decide, resume: Resume) -> Outcome:
        """Go on with what waits, give back what is not used, or ask again.

        Args:
            delivery: about a purse.
            state: of its task.
            catalogue: has the prices.
            decide: gives at what time and from what.
            resume: goes on with a question, or ends it.
        """
        if delivery.timer is not None:
            alarm = read_alarm(delivery.timer)
            return self._overdue(alarm, self._visit(delivery, state, catalogue, decide((alarm.cause,))), resume)
        visit = self._visit(delivery, state, catalogue, decide((delivery.cause,)))
        match delivery.event:
            case BudgetAnswered() as answer:
                return self._answered(answer, visit, resume)
            case BudgetRecalled(tenant=tenant):
                # Who has asked has given all back.
                if (purse := visit.purse(tenant)).asked is None:
                    visit.give_back(tenant, purse.holds)
                return _closed(visit, Outcome())
            case _:
                raise InvariantBroken(f"no purse has to do with {type(delivery.event).__name__}")

    def _answered(self, answer: BudgetAnswered, visit: Visit, resume: Resume) -> Outcome:
        """Go on with what waits, as far as was granted; end what was refused."""
        tenant = answer.tenant
        purse = visit.purse(tenant)
        if answer.number not in purse.unanswered:
            # At least once it may come twice; or what was asked is not known here, and the account knows more.
            visit.put(purse.hears(0, answer.heard))
            return _closed(visit, Outcome(counted=("headchef.budgets.repeated",)))
        newest = answer.number == purse.asked
        visit.put(purse.hears(answer.number, answer.heard))
        if not newest:
            if answer.granted is not None:
                visit.give_back(tenant, answer.granted)
            return _closed(visit, Outcome())
        if answer.granted is not None:
            visit.put(visit.purse(tenant).takes(answer.granted))
        return self._go_on(tenant, visit, answer.refusal, resume)

    def _overdue(self, alarm: Alarm, visit: Visit, resume: Resume) -> Outcome:
        """Ask again where no answer has come; end all that have waited for too long."""
        tenant, at = alarm.tenant, visit.decided.at
        waited_s = self._patience.total_seconds()
        why = f"after {waited_s:g} s this still waits for what other questions have reserved"
        outcome, ended = Outcome(), 0
        while (head := self._head_overdue(tenant, visit)) is not None and ended < MOST_AT_ONCE:
            # Bodies are read before anything is done, and only then.
            if ended and not visit.is_at_hand(head):
                break
            came = self._end(tenant, head, visit, resume, why)
            outcome, ended = _added(outcome, came), ended + 1
            if came.changes:
                # What follows is known when these are written.
                break
        more = self._head_overdue(tenant, visit) is not None
        if not more:
            # The account knows what was asked by its number alone, and the question that it was for may have ended.
            visit.ask_again(tenant, anew=ended > 0)
        closed = _closed(visit, outcome)
        if not visit.purse(tenant).waits:
            return closed
        return replace(closed, timers=(*closed.timers, alarm.at_once(at) if more else alarm.after(at)))

    def _head_overdue(self, tenant: str, visit: Visit) -> Parked | None:
        """Give the question that waits longest if it has waited for too long."""
        head = visit.head(tenant)
        return head if head is not None and head.at + self._patience <= visit.decided.at else None

    def _go_on(self, tenant: str, visit: Visit, refusal: str | None, resume: Resume) -> Outcome:
        refused_need = None
        outcome = Outcome()
        for number in range(MOST_AT_ONCE):
            head = visit.head(tenant)
            # Bodies are read before anything is done, and only then.
            if head is None or (number and not visit.is_at_hand(head)):
                break
            head = visit.opened(head)
            came = resume(head, None, visit.decided)
            plan = self._plan_of(came)
            if plan is None:
                # It has ended otherwise meanwhile, or costs nobody's budget any more.
                visit.take_head(tenant)
            elif visit.pays(plan):
                visit.take_head(tenant)
                continue
            elif (need := visit.need_of(plan_in(plan))) != head.need:
                # Another catalogue is in force by now, or another model's turn.
                visit.reckon_head(tenant, need)
                break
            elif refusal is not None and (refused_need is None or need == refused_need):
                refused_need = need
                visit.take_head(tenant)
                visit.counted.append("headchef.budgets.refused")
                came = resume(head, refusal, visit.decided)
            else:
                break
            self._absorb(came, visit, None)
            outcome = _added(outcome, came)
            if came.changes:
                # What follows is known when these are written.
                break
        return _closed(visit, outcome)

    def _end(self, tenant: str, head: Parked, visit: Visit, resume: Resume, why: str) -> Outcome:
        head = visit.opened(head)
        visit.take_head(tenant)
        visit.counted.append("headchef.budgets.refused")
        came = resume(head, f"the budget of the tenant {tenant!r}: {why}", visit.decided)
        self._absorb(came, visit, None)
        return came

    def _absorb(self, outcome: Outcome, visit: Visit, verdict: StepJudged | None) -> None:
        """Take over what is to be published, each plan only if it is paid for."""
        for each in outcome.outputs:
            if not isinstance(each, Emit) or not isinstance(planned := each.event, StepPlanned):
                visit.outputs.append(each)
            elif self._tenants.is_bounded(planned.step.job.tenant):
                if not visit.offer(each, planned, verdict, visit.decided.causes[0]):
                    visit.counted.append("headchef.budgets.waited")
            elif planned.step.reserved is not None:
                # Of a plan before, when the tenant had a budget; that was settled with it.
                step = planned.step.model_copy(update={"reserved": None})
                event = planned.model_copy(update={"step": step})
                visit.outputs.append(Emit(each.topic, event, each.partition, each.identity))
            else:
                visit.outputs.append(each)

    def _plan_of(self, came: Outcome) -> Emit | None:
        """Give the plan of a question that goes on; where it has ended, what is planned is of others."""
        if came.changes:
            return None
        return next((plan for each in came.outputs if (plan := self._planned(each)) is not None), None)

    def _planned(self, output: object) -> Emit | None:
        """Give an output if it is a plan that concerns a purse."""
        if not isinstance(output, Emit) or not isinstance(planned := output.event, StepPlanned):
            return None
        concerns = planned.step.reserved is not None or self._tenants.is_bounded(planned.step.job.tenant)
        return output if concerns else None

    def _visit(self, delivery: Delivery, state: State, catalogue: Catalogue, decided: Decided) -> Visit:
        return Visit(state, delivery.record.partition, catalogue, decided, self._among, self._at_hand)


def _added(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        changes=(*one.changes, *other.changes),
        counted=(*one.counted, *other.counted),
        timers=(*one.timers, *other.timers),
        cleared=(*one.cleared, *other.cleared),
    )


def _closed(visit: Visit, outcome: Outcome) -> Outcome:
    """Give all that a visit comes to; its own outputs stand in place of the outcome's."""
    timers, cleared = visit.close()
    return Outcome(
        tuple(visit.outputs),
        (*visit.changes, *outcome.changes),
        (*outcome.counted, *visit.counted),
        (*outcome.timers, *timers),
        (*outcome.cleared, *cleared),
    )
