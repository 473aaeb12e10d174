"""What one delivery does with the purses of its task: pays for questions, lets others wait, and asks accounts."""

from contextlib import suppress
from dataclasses import dataclass, field

from headchef_contracts.events.budgets import Amount, BudgetAsked, Reserved
from headchef_contracts.events.common import Body, Cause, Decided, Event, Inline, Ref, Reference
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.bodies import BodiesAtHand, BodyUnusable
from headchef.bodies.places import bodies_in, changed
from headchef.catalogue import Catalogue
from headchef.router.leading.budget import expected_of
from headchef.router.purses.alarm import Alarm, alarm_id
from headchef.router.purses.parked import PARKED, Parked, parked_key, read_parked
from headchef.router.purses.purse import PURSES, Purse, read_purse
from headchef.runtime.processor import Change, DeadLetter, Emit, Forward, State, Timer
from headchef.runtime.telemetry.measures import CounterName
from headchef.tenants import day_of


@dataclass(slots=True)
class Visit:
    """One delivery.

    Attributes:
        state: of the task.
        task: its number.
        catalogue: has the prices.
        decided: at what time and from what.
        among: accounts are in so many of the first partitions.
        at_hand: has bodies that questions refer to.
        outputs: events.
        changes: of the stores of purses and of what is parked.
        counted: counters to raise by one.
    """

    state: State
    task: int
    catalogue: Catalogue
    decided: Decided
    among: int
    at_hand: BodiesAtHand
    outputs: list[Emit | Forward | DeadLetter] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    counted: list[CounterName] = field(default_factory=list)
    _purses: dict[str, Purse] = field(default_factory=dict)
    _parked: dict[bytes, Parked] = field(default_factory=dict)
    _waited: set[str] = field(default_factory=set)

    def purse(self, tenant: str) -> Purse:
        """Give a tenant's purse as it is by now."""
        if (known := self._purses.get(tenant)) is not None:
            return known
        written = self.state.get(PURSES, tenant.encode())
        purse = Purse(tenant=tenant) if written is None else read_purse(written)
        if purse.waits:
            self._waited.add(tenant)
        self._purses[tenant] = purse
        return purse

    def put(self, purse: Purse) -> None:
        """Keep a purse as it is now."""
        self._purses[purse.tenant] = purse

    def need_of(self, planned: StepPlanned) -> Amount:
        """Say what a question is expected to take."""
        expected = expected_of(planned.step, self.catalogue)
        return Amount(usd=expected.usd, tokens=expected.tokens)

    def offer(self, emit: Emit, planned: StepPlanned, verdict: Event | None, cause: Cause) -> bool:
        """Publish a plan if it is paid for, or let it wait.

        Args:
            emit: would publish it.
            planned: the plan.
            verdict: that it follows from, and again will; None for a plan that is to be published as it is.
            cause: the record that it comes by.

        Returns:
            Whether it is published.
        """
        tenant, need = planned.step.job.tenant, self.need_of(planned)
        purse = self.purse(tenant)
        # What has come later waits behind what waits: else small questions would keep large ones waiting for ever.
        if not purse.waits and not purse.unanswered and purse.covers(need, day_of(self.decided.at)):
            self.pay(emit, planned, need)
            return True
        parked = Parked(
            event=self._closed(planned if verdict is None else verdict, tenant),
            at=self.decided.at,
            need=need,
            cause=cause,
            identity=identity_of(planned.step) if emit.identity is None else emit.identity,
        )
        key = parked_key(tenant, purse.end)
        self._parked[key] = parked
        self.changes.append(Change(PARKED, key, parked.written()))
        self.put(purse.model_copy(update={"end": purse.end + 1}))
        return False

    def pays(self, emit: Emit) -> bool:
        """Publish the plan of a question that has waited, if there is enough now, of the day for which it was drawn."""
        planned = plan_in(emit)
        purse, need = self.purse(planned.step.job.tenant), self.need_of(planned)
        if purse.asked is not None or not purse.covers(need, purse.day):
            return False
        self.pay(emit, planned, need)
        return True

    def pay(self, emit: Emit, planned: StepPlanned, need: Amount) -> None:
        """Publish a plan, with what is reserved for it."""
        purse, reserved = self.purse(planned.step.job.tenant).pays(need)
        self.put(purse)
        step = planned.step.model_copy(update={"reserved": reserved})
        decided = planned.decided
        if self.decided.causes[0] not in decided.causes:
            decided = decided.model_copy(update={"causes": (*decided.causes, *self.decided.causes)})
        event = planned.model_copy(update={"step": step, "decided": decided})
        identity = identity_of(step) if emit.identity is None else emit.identity
        self.outputs.append(Emit(emit.topic, event, emit.partition, identity))

    def head(self, tenant: str) -> Parked | None:
        """Give the question that waits longest; numbers that are not there any more are passed over."""
        while (purse := self.purse(tenant)).waits:
            key = parked_key(tenant, purse.first)
            if (known := self._parked.get(key)) is not None:
                return known
            if (written := self.state.get(PARKED, key)) is not None:
                return self._parked.setdefault(key, read_parked(written))
            self.put(purse.model_copy(update={"first": purse.first + 1}))
        return None

    def is_at_hand(self, parked: Parked) -> bool:
        """Say whether all bodies of a question that waits have been read."""
        tenant = parked.event.step.job.tenant
        return all(self.at_hand.has(tenant, each) for each in _referred(parked.event))

    def opened(self, parked: Parked) -> Parked:
        """Give a question that waits with its bodies in it; one that cannot be used stays a reference.

        Raises:
            NotAtHand: they are to be read first.
        """
        tenant = parked.event.step.job.tenant
        with suppress(BodyUnusable):
            self.at_hand.need(tenant, _referred(parked.event))

        def open_(body: Body) -> Body:
            if isinstance(body, Ref):
                with suppress(BodyUnusable):
                    return Inline(inline=self.at_hand.value(tenant, body.ref))
            return body

        return parked.model_copy(update={"event": changed(parked.event, open_)})

    def _closed(self, event: Event, tenant: str) -> Event:
        def close(body: Body) -> Body:
            found = self.at_hand.reference(tenant, body.inline) if isinstance(body, Inline) else None
            return body if found is None else Ref(ref=found)

        return changed(event, close)

    def reckon_head(self, tenant: str, need: Amount) -> None:
        """Let the question that waits longest need something else than it did."""
        if (head := self.head(tenant)) is not None:
            key = parked_key(tenant, self.purse(tenant).first)
            self._parked[key] = renewed = head.model_copy(update={"need": need})
            self.changes.append(Change(PARKED, key, renewed.written()))

    def take_head(self, tenant: str) -> None:
        """Let the question that waits longest wait no more."""
        purse = self.purse(tenant)
        key = parked_key(tenant, purse.first)
        self._parked.pop(key, None)
        self.changes.append(Change(PARKED, key, None))
        self.put(purse.model_copy(update={"first": purse.first + 1}))

    def ask(self, tenant: str, *, anew: bool = False) -> None:
        """Ask a tenant's account for what the question that waits longest needs, unless that is asked already.

        Args:
            tenant: whose.
            anew: in place of what was asked before.
        """
        head, purse = self.head(tenant), self.purse(tenant)
        if head is None or (purse.asked is not None and not anew):
            return
        wanted = Reserved(day=day_of(self.decided.at), amount=head.need)
        self._say(purse.asks(wanted.day), returned=purse.holds, wanted=wanted)

    def ask_again(self, tenant: str, *, anew: bool = False) -> None:
        """Say once more what was asked, by the same number; with one of its own where it is something else.

        Args:
            tenant: whose.
            anew: whether another question waits longest now; by another day it is something else too.
        """
        head, purse = self.head(tenant), self.purse(tenant)
        if head is None or purse.asked is None:
            return
        if anew or purse.day != day_of(self.decided.at):
            self.ask(tenant, anew=True)
            return
        same = purse.model_copy(update={"number": purse.asked})
        self._say(same, returned=None, wanted=Reserved(day=purse.day, amount=head.need))
        self.put(purse)

    def give_back(self, tenant: str, rest: Reserved | None) -> None:
        """Give something back to a tenant's account, if only that there is nothing."""
        self._say(self.purse(tenant).speaks(), returned=rest, wanted=None)

    def _say(self, purse: Purse, *, returned: Reserved | None, wanted: Reserved | None) -> None:
        asked = BudgetAsked(
            tenant=purse.tenant,
            task=self.task,
            number=purse.number,
            returned=returned,
            wanted=wanted,
            decided=self.decided,
        )
        self.outputs.append(Emit("budgets.booked", asked, among=self.among))
        self.put(purse)

    def close(self) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
        """Ask for all who wait, write the purses, and give timers that are to be set, and those that are not any more.

        A timer is set once when the first question has to wait, and goes on by itself as long as any does.
        """
        timers, cleared = [], []
        for tenant in list(self._purses):
            self.ask(tenant)
            purse = self._purses[tenant]
            self.changes.append(Change(PURSES, purse.key, purse.written()))
            if purse.waits and tenant not in self._waited:
                timers.append(Alarm(tenant=tenant, cause=self.decided.causes[0]).after(self.decided.at))
            elif not purse.waits and tenant in self._waited:
                cleared.append(alarm_id(tenant))
        return tuple(timers), tuple(cleared)


def _referred(event: Event) -> list[Reference]:
    return [body.ref for body in bodies_in(event) if isinstance(body, Ref)]


def plan_in(emit: Emit) -> StepPlanned:
    """Give the plan that an output publishes."""
    if not isinstance(emit.event, StepPlanned):
        raise AssertionError("only plans are paid for")
    return emit.event


def identity_of(step: Step) -> str:
    """Name a plan that may have to wait: at least once it is the same event, whether it did or not."""
    job = step.job
    about = (job.tenant, job.job_id, str(job.run), str(job.revision), job.conversation_id or "", step.step_id)
    return "\0".join((*about, step.item or "", str(step.plan), "paid"))
