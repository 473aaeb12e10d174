"""What is recorded equals what the provider bills, call by call, whatever befalls the calls."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from headchef_contracts.events.steps import AttemptRecorded, StepCompleted

from headchef.brakes import Brakes
from headchef.catalogue import Endpoint
from headchef.catalogue.form import DialectName
from headchef.executor.calling import open_provider
from headchef.executor.dialects import DIALECTS
from headchef.executor.handler import ExecutorHandler
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates
from headchef.simulator.settings import Settings as SimulatorSettings
from tests.executor.fakes import (
    ACCOUNT,
    OpenPermit,
    Unlimited,
    deliver,
    equipped,
    make_catalogue,
    make_model,
    see_through,
)
from tests.executor.simulated import VERSIONS
from tests.support.builders import make_step
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

RATES = Rates(
    rate_limited=0.1, server_error=0.05, unavailable=0.05, reset=0.05, malformed=0.05, length=0.1, refusal=0.1
)
SEEN = {"answered", "length", "refusal"}
"""Outcomes whose usage reaches the caller; the answers of the other billed calls got lost on the way."""


STATIC = "Write of the thing alone, and claim nothing else.\n" * 100


async def handle_steps(
    simulator: Simulator, dialect: DialectName, steps: int, metrics: Metrics
) -> list[AttemptRecorded | StepCompleted]:
    """Handle steps of one template, of which a provider may cache what stands before the slot."""
    clock, settings = ManualClock(), Settings()
    marks = dialect == "anthropic"
    catalogue = make_catalogue(make_model(provider_model="simulated", max_output_tokens=4096, cache_breakpoints=marks))
    endpoint = Endpoint(f"{simulator.address}/{VERSIONS[dialect]}", None)
    async with open_provider(endpoint, replace(ACCOUNT, dialect=dialect), settings, clock) as provider:
        handler = ExecutorHandler(
            lane="default",
            equip=equipped(catalogue, provider),
            retry=RetryPolicy(max_attempts=10, window_s=1e9),
            clock=clock,
            random=Random(1),
            permit=OpenPermit(),
            brakes=Brakes(),
            quota=Unlimited(),
            metrics=metrics,
        )
        deliveries = [
            deliver(make_step(f"{STATIC}Name: thing {number}", static_characters=len(STATIC)))
            for number in range(steps)
        ]
        seen = await asyncio.gather(*(see_through(handler, delivery, clock) for delivery in deliveries))
    events = [output.event for each in seen for output in each.emitted]
    return [event for event in events if isinstance(event, AttemptRecorded | StepCompleted)]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_recorded_costs_equal_the_bill(dialect: DialectName) -> None:
    metrics = RecordedMetrics()
    async with Simulator(SimulatorSettings(port=0, rates=RATES)) as simulator:
        events = await handle_steps(simulator, dialect, 200, metrics)
        bill = simulator.bill
    attempts = [event for event in events if isinstance(event, AttemptRecorded)]
    completed = [event for event in events if isinstance(event, StepCompleted)]
    billed = {entry.request_id: entry.cost_usd for entry in bill.entries if entry.outcome in SEEN}
    recorded = {attempt.provider_request_id: attempt.cost_usd for attempt in attempts if attempt.cost_usd is not None}

    assert recorded == billed
    assert len(attempts) == sum(bill.calls.values())
    assert len(completed) == 200
    assert sum((step.cost_usd or Decimal(0) for step in completed), Decimal(0)) == sum(billed.values(), Decimal(0))
    assert sum(billed.values(), Decimal(0)) < bill.cost_usd
    used = [entry.tokens for entry in bill.entries if entry.outcome in SEEN and entry.tokens]
    assert 0 < sum(each.cached_input for each in used) < bill.input_tokens
    for use, tokens in (("read", [each.cached_input for each in used]), ("write", [each.cache_write for each in used])):
        assert metrics.total("headchef.provider.cache_tokens", use=use, lane="default") == sum(tokens)
    assert {step.failure.reason for step in completed if step.failure} == {"length", "refusal"}
    assert set(bill.calls) == {*SEEN, "rate_limited", "server_error", "unavailable", "reset", "malformed"}
