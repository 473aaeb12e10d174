"""Tasks of the router, an account and the topics between them, in memory: a test says what is delivered next."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from headchef_contracts.events.budgets import BudgetAsked, BudgetSettled, BudgetWarned, Reserved
from headchef_contracts.events.common import Event, Usage
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.judgements import JudgementEnded
from headchef_contracts.events.steps import StepCompleted, StepPlanned
from headchef_contracts.events.tenants import TenantSet
from headchef_contracts.placement import home_partition
from headchef_contracts.registry import decode, encode

from headchef.accounts.budgets import BUDGETS, Keeper, Sums, read_sums
from headchef.accounts.budgets.sums import sums_key
from headchef.accounts.handler import AccountsHandler
from headchef.bodies import Bodies
from headchef.catalogue import Catalogue, Prices
from headchef.runtime.processor import Delivery, Emit, Outcome, Timer
from headchef.tenants import TenantsInForce
from headchef.validator.paid import paid_of
from tests.router.conftest import Door, FakeState, make_catalogue
from tests.support.builders import NOON, PARTITIONS, make_completed, make_decided, make_delivery, make_firing
from tests.support.manual_clock import ManualClock

PRICES = Prices(Decimal(1), Decimal(1), Decimal(1), Decimal(1))
"""A dollar a million tokens, of whatever kind."""

PRICED = make_catalogue(prices=PRICES)

QUESTION = 100
"""Tokens that each question of these tests is expected to take."""


def tenant_set(tenant: str = "acme", budget: Any = None) -> TenantSet:
    """Give what an operator says of a tenant; the budget as JSON has it."""
    return TenantSet(tenant=tenant, budget=budget, by="ann@desk-7", set_at=NOON)


class Exchange:
    """All of it.

    Args:
        catalogue: of the models.
        bodies: where large bodies lie; None for in their events.

    Attributes:
        doors: the router's tasks, by number.
        open: questions that were planned and are not answered.
        finished: results of jobs that ended without an answer.
        judged: ends of comparisons of answers, likewise.
        warned: warnings.
        planned: all plans, in order.
        said: what tasks have said to the account, in order.
        booked: what is on its way to the account, in order.
        answers: what is on its way to each task, in order.
        timers: of each task, by id.
    """

    def __init__(self, catalogue: Catalogue = PRICED, bodies: Bodies | None = None) -> None:
        self.catalogue = catalogue
        self.doors = [Door(catalogue, bodies=bodies) for _ in range(PARTITIONS)]
        self.tenants = TenantsInForce("accounts")
        self.clock = ManualClock()
        self.state = FakeState()
        self.account = AccountsHandler(clock=self.clock, keeper=Keeper(self.tenants))
        self.open: list[StepPlanned] = []
        self.planned: list[StepPlanned] = []
        self.finished: list[JobFinished] = []
        self.judged: list[JudgementEnded] = []
        self.warned: list[BudgetWarned] = []
        self.said: list[BudgetAsked] = []
        self.booked: deque[Event] = deque()
        self.answers: list[deque[Event]] = [deque() for _ in self.doors]
        self.timers: list[dict[str, Timer]] = [{} for _ in self.doors]

    async def set(self, tenant: str = "acme", budget: Any = None) -> None:
        """Set a tenant's budget, as JSON, for all at once."""
        event = tenant_set(tenant, budget)
        for each in (self.tenants, *(door.tenants for door in self.doors)):
            await each.take(event)

    async def submit(self, job_id: str, **fields: Any) -> None:
        """Submit a job, at its home."""
        usual = {"prompt": "hi", "tenant": "acme", "parameters": {"max_output_tokens": 99}}
        job = {"job_id": job_id} | {name: it for name, it in (usual | fields).items() if it is not None}
        delivery = make_delivery(value=job, event_id=job_id)
        await self.hand(delivery, delivery.record.partition)

    async def deliver(self, event: Event, topic: str, task: int) -> None:
        """Give a task of the router an event."""
        await self.hand(make_delivery(event, topic=topic, value=b"{}", partition=task), task)

    async def hand(self, delivery: Delivery, task: int) -> None:
        """Hand a task of the router a delivery."""
        self.take(task, await self.doors[task].deliver(delivery))

    async def answer(self, planned: StepPlanned, tokens: int = 100, **fields: Any) -> None:
        """Let a question be answered, which takes so many tokens."""
        self.open.remove(planned)
        cost = cost_of(tokens)
        known: dict[str, Any] = {"usage": Usage(input_tokens=tokens), "cost_usd": cost}
        self.settle(make_completed(step=planned.step, **(known | fields)))

    def settle(self, completed: StepCompleted) -> None:
        """Let the validator tell what a question took."""
        paid = paid_of(completed, make_decided())
        assert paid is not None
        self.booked.append(written(paid))

    async def serve_account(self, *, twice: bool = False) -> None:
        """Let the account take the next event, or take it twice."""
        event = self.booked.popleft()
        for _ in range(1 + twice):
            await self.book(make_delivery(event, topic="budgets.booked", value=b"{}"))

    async def book(self, delivery: Delivery) -> None:
        """Hand the account a delivery."""
        outcome = await self.account.handle(delivery, self.state)
        self.state.apply(outcome.changes)
        self.spread(outcome)

    async def serve_task(self, task: int) -> None:
        """Let a task of the router take the next answer."""
        await self.deliver(self.answers[task].popleft(), "budgets.answered", task)

    async def talk(self) -> None:
        """Let account and tasks say all that they have to say to each other."""
        while self.booked or any(self.answers):
            while self.booked:
                await self.serve_account()
            for task, waiting in enumerate(self.answers):
                if waiting:
                    await self.serve_task(task)

    async def ring(self, seconds: float) -> None:
        """Let time pass, and timers go off that are due then."""
        for clock in (self.clock, *(door.clock for door in self.doors)):
            clock.advance(seconds)
        for task, timers in enumerate(self.timers):
            for name, timer in list(timers.items()):
                if timer.due <= self.clock.now():
                    del timers[name]
                    await self.hand(on(task, make_firing(timer)), task)

    async def drawn(self, chance: Random, tokens: int) -> bool:
        """Let any one thing happen that may; say whether there was any."""
        may: list[tuple[str, Any]] = [("task", task) for task, waiting in enumerate(self.answers) if waiting]
        may += [("account", None)] * bool(self.booked) + [("answer", each) for each in self.open]
        if not may:
            return False
        match chance.choice(may):
            case ("task", task):
                await self.serve_task(task)
            case ("account", _):
                await self.serve_account()
            case (_, planned):
                await self.answer(planned, tokens)
        return True

    def sums(self, period: Any = "day", begins: str = "2026-11-22", tenant: str = "acme") -> Sums:
        """Give how a period stands."""
        value = self.state.get(BUDGETS, sums_key(tenant, period, begins))
        return Sums(tenant=tenant, period=period, begins=begins) if value is None else read_sums(value)

    def reserved(self) -> Iterator[Reserved]:
        """Give what was reserved for each plan."""
        for planned in self.planned:
            assert planned.step.reserved is not None
            yield planned.step.reserved

    def take(self, task: int, outcome: Outcome) -> None:
        """Do what a task has decided, but for its state."""
        for timer in outcome.timers:
            self.timers[task][timer.id] = timer
        for gone in outcome.cleared:
            self.timers[task].pop(gone, None)
        self.spread(outcome)

    def spread(self, outcome: Outcome) -> None:
        """Pass on what somebody has published."""
        for output in outcome.outputs:
            assert isinstance(output, Emit)
            match event := written(output.event):
                case StepPlanned():
                    self.open.append(event)
                    self.planned.append(event)
                case JobFinished():
                    self.finished.append(event)
                case JudgementEnded():
                    self.judged.append(event)
                case BudgetWarned():
                    self.warned.append(event)
                case BudgetAsked() | BudgetSettled():
                    self.booked.append(event)
                    if isinstance(event, BudgetAsked):
                        self.said.append(event)
                case _:
                    assert output.topic == "budgets.answered"
                    assert output.partition is not None
                    self.answers[output.partition].append(event)


def of_task(task: int) -> str:
    """Give a conversation whose jobs have their home in a task."""
    names = (f"conversation-{number}" for number in range(1_000))
    return next(name for name in names if home_partition("", name, PARTITIONS) == task)


def on(task: int, delivery: Delivery) -> Delivery:
    """Give a delivery to another task."""
    return replace(delivery, record=delivery.record._replace(partition=task))


def cost_of(tokens: int) -> Decimal:
    """Say what so many tokens cost."""
    return Decimal(tokens) / 1_000_000


def written(event: Event) -> Any:
    """Give an event as it is read again."""
    return decode(event.event_type, event.version, encode(event))


def dollars(tokens: int) -> str:
    """Say what tokens cost, as it is written."""
    return format(cost_of(tokens), "f")
