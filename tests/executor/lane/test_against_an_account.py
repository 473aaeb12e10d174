"""A lane uses nearly all of a quota and is hardly ever refused, however many executors and whoever else use it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

import pytest

from headchef.catalogue import Quota as LaneQuota
from headchef.simulator.settings import Quota as AccountQuota
from tests.executor.lane.crew import TASKS, Executor, Provider, Work, compete, provider_with
from tests.support.virtual_time import run_virtually

WARM_S, END_S = 180.0, 480.0
Kind = Literal["bucket", "window"]
REQUESTS = LaneQuota({"requests": 600})
TOKENS = LaneQuota({"tokens": 600_000})
APART = LaneQuota({"requests": 4000, "input_tokens": 400_000, "output_tokens": 100_000})


def account_of(quota: LaneQuota, kind: Kind) -> AccountQuota:
    limits = {f"{resource}_per_minute": limit for resource, limit in quota.a_minute.items()}
    return AccountQuota.model_validate({**limits, "concurrency": quota.concurrency, "kind": kind})


async def five_minutes(
    quota: LaneQuota,
    kind: Kind,
    executors: int,
    *,
    work: Work,
    tells: bool = True,
    competing: float = 0,
    meanwhile: Callable[[list[Executor]], Coroutine[Any, Any, None]] | None = None,
) -> Provider:
    """Let executors work for three minutes to warm up, and five more."""
    provider = provider_with(account_of(quota, kind), tells=tells)
    crew = [Executor(provider, quota, work, seed) for seed in range(executors)]
    for task in range(TASKS):
        crew[task % executors].start(task)
    rival = Provider(provider.account)
    others = [asyncio.ensure_future(compete(rival, competing, work))] if competing else []
    others += [asyncio.ensure_future(meanwhile(crew))] if meanwhile else []
    await asyncio.sleep(END_S)
    for other in others:
        other.cancel()
        with suppress(asyncio.CancelledError):
            await other
    for executor in crew:
        await executor.close()
    provider.rivals = rival.answered
    return provider


def goodput(provider: Provider, used: Callable[[Any], float], limit: float) -> float:
    """Give what was used of a quota by all, as a share, once warm."""
    calls = [*provider.answered, *provider.rivals]
    total = sum(used(tokens) for at_s, tokens in calls if WARM_S <= at_s < END_S)
    return total / (limit * (END_S - WARM_S) / 60)


def refusals(provider: Provider) -> float:
    """Give the share of our calls that were refused, once warm."""
    refused = sum(WARM_S <= at_s < END_S for at_s in provider.refused)
    return refused / (refused + sum(WARM_S <= at_s < END_S for at_s, _ in provider.answered))


@pytest.mark.parametrize("executors", [1, 2, 4])
@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_limited_by_requests(kind: Kind, executors: int) -> None:
    provider = run_virtually(five_minutes(REQUESTS, kind, executors, work=Work()))
    assert goodput(provider, lambda _: 1, 600) >= 0.97
    assert refusals(provider) == 0


@pytest.mark.parametrize("executors", [1, 2, 4])
@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_limited_by_tokens(kind: Kind, executors: int) -> None:
    provider = run_virtually(five_minutes(TOKENS, kind, executors, work=Work()))
    assert goodput(provider, lambda tokens: tokens.input + tokens.output, 600_000) >= 0.97
    assert refusals(provider) < 0.001


@pytest.mark.parametrize("executors", [1, 4])
@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_limited_by_output(kind: Kind, executors: int) -> None:
    provider = run_virtually(five_minutes(APART, kind, executors, work=Work()))
    assert goodput(provider, lambda tokens: tokens.output, 100_000) >= 0.97
    assert refusals(provider) < 0.001


@pytest.mark.parametrize(("tells", "most"), [(True, 0.001), (False, 0.005)])
@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_a_competitor_is_felt(kind: Kind, tells: bool, most: float) -> None:
    """By what the provider says is left; where it says nothing, by its refusals, of which there are a few then."""
    provider = run_virtually(five_minutes(REQUESTS, kind, 2, work=Work(), competing=200, tells=tells))
    assert goodput(provider, lambda _: 1, 600) >= 0.97
    assert refusals(provider) < most


@pytest.mark.parametrize("kind", ["bucket", "window"])
@pytest.mark.parametrize(("quota", "competing"), [(LaneQuota({"requests": 1200}), 400), (TOKENS, 333)])
def test_a_competitor_leaves_little_and_nothing_is_tried_with_that(
    quota: LaneQuota, competing: float, kind: Kind
) -> None:
    """What is left at the end of a provider's minute the competitor takes: a call for it would be refused."""
    provider = run_virtually(five_minutes(quota, kind, 2, work=replace(Work(), latency_s=0.5), competing=competing))
    ((resource, limit),) = quota.a_minute.items()
    of_call = {"requests": lambda _: 1, "tokens": lambda tokens: tokens.input + tokens.output}[resource]
    assert goodput(provider, of_call, limit) >= 0.99
    assert refusals(provider) < 0.0005


@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_one_joins_and_one_is_killed(kind: Kind) -> None:
    """Each time tasks are nobody's for some seconds, and begin empty: what that costs is some seconds' worth."""

    async def meanwhile(crew: list[Executor]) -> None:
        first, second, third = crew
        for task in third.tasks():
            third.stop(task)
            first.start(task)
        await asyncio.sleep(WARM_S + 60)
        moved = first.tasks()[:4]
        for task in moved:
            first.stop(task)
        await asyncio.sleep(3)
        for task in moved:
            third.start(task)
        await asyncio.sleep(120)
        orphans = second.tasks()
        await second.close()
        await asyncio.sleep(6)
        for task in orphans:
            first.start(task)

    provider = run_virtually(five_minutes(REQUESTS, kind, 3, work=Work(), meanwhile=meanwhile))
    assert refusals(provider) == 0
    assert goodput(provider, lambda _: 1, 600) >= 0.94


def test_calls_at_once() -> None:
    quota = LaneQuota({}, concurrency=24)
    provider = run_virtually(five_minutes(quota, "bucket", 2, work=replace(Work(), latency_s=2.0)))
    assert refusals(provider) == 0
    assert goodput(provider, lambda _: 1, 24 * 30) >= 0.95
