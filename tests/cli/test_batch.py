"""Waiting for a batch: what is read, how it ends, and what it says where the batch has not finished."""

import asyncio
import json
from typing import Any

import pytest

from headchef_contracts.events.batches import BatchCounts, BatchFinished

from headchef.batches.account import ACCOUNTS, Account, account_key
from headchef.cli.batches.reading import Known, open_watch
from headchef.cli.batches.running import conclude, watch
from headchef.cli.faults import NotInTime, WorkFailed
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import START
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.builders import make_decided

NAME = ("default", "spring")


def account(ok: int = 1, *, size: int | None = 3, finished: bool = False, **fields: Any) -> Account:
    known: dict[str, Any] = {
        "tenant": NAME[0],
        "batch_id": NAME[1],
        "began_at": START,
        "ended_at": START,
        "heard_at": START,
    }
    return Account(size=size, counts=BatchCounts(ok=ok), finished=finished, **(known | fields))


def finished(ok: int = 3, failed: int = 0, tenant: str = NAME[0], **fields: Any) -> BatchFinished:
    known: dict[str, Any] = {"cost_usd": "0.5", "unpriced": 0, "usage": {}, "began_at": START, "ended_at": START}
    return BatchFinished(
        tenant=tenant,
        batch_id=NAME[1],
        batch_size=ok + failed,
        counts=BatchCounts(ok=ok, failed=failed),
        decided=make_decided(),
        **(known | fields),
    )


async def write(log: MemoryLog, *what: Account | BatchFinished) -> None:
    for each in what:
        if isinstance(each, Account):
            key = account_key(each.tenant, each.batch_id)
            await put(log, f"batches.{ACCOUNTS}.changelog", each.written(), key, 1)
        else:
            await put_event(log, "batches.finished", each, each.batch_id.encode())


async def seen(log: MemoryLog, timeout_s: float | None = 0, stop: asyncio.Event | None = None) -> Known:
    opened = await open_watch(log, NAMESPACE, NAME)
    with Screen(as_json=True).progress("test") as meter:
        return await watch(opened, timeout_s=timeout_s, stop=stop or asyncio.Event(), clock=SystemClock(), meter=meter)


async def test_a_batch_that_has_finished_is_found_at_once() -> None:
    log = make_log()
    await write(log, account(2), account(3, finished=True), finished(), finished(ok=9, tenant="acme"))
    known = await seen(log, timeout_s=None)
    assert known.finished is not None
    assert known.finished.counts.ok == 3


async def test_waiting_ends_when_the_batch_finishes() -> None:
    log = make_log()
    await write(log, account(2))
    waiting = asyncio.ensure_future(seen(log, timeout_s=None))
    await write(log, account(3, finished=True), finished())
    assert (await waiting).finished is not None


async def test_a_batch_that_was_begun_anew_is_not_the_one_that_finished_before() -> None:
    log = make_log()
    await write(log, account(3, finished=True), finished())
    await put(log, f"batches.{ACCOUNTS}.changelog", None, account_key(*NAME), 1)
    assert (await seen(log)).finished is not None, "its account is forgotten, and the event is not"
    await write(log, account(1))
    assert (await seen(log)).finished is None


async def test_waiting_ends_in_time_with_what_is_known() -> None:
    log = make_log()
    assert await seen(log) == Known()
    await write(log, account(1), account(2))
    known = await seen(log, timeout_s=0.01)
    assert (known.finished, known.account) == (None, account(2))


async def test_a_cluster_without_the_topics_is_told_of() -> None:
    with pytest.raises(WorkFailed, match="there is no topic"):
        await open_watch(make_log(), "other", NAME)


def concluded(
    known: Known, capsys: pytest.CaptureFixture[str], *, as_json: bool = True
) -> tuple[str, BaseException | None]:
    failure = None
    try:
        conclude(known, NAME[1], NAME[0], Screen(as_json=as_json))
    except (NotInTime, WorkFailed) as fault:
        failure = fault
    return capsys.readouterr().out, failure


def test_all_well_is_all_well(capsys: pytest.CaptureFixture[str]) -> None:
    out, failure = concluded(Known(None, finished()), capsys)
    told = json.loads(out)
    assert failure is None
    assert (told["finished"], told["ended"], told["batch_size"], told["cost_usd"]) == (True, 3, 3, "0.5")


def test_jobs_without_a_good_answer_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    out, failure = concluded(Known(None, finished(2, failed=1)), capsys)
    assert json.loads(out)["counts"]["failed"] == 1
    assert isinstance(failure, WorkFailed)
    assert (failure.exit_code, failure.message) == (1, "1 job has no good answer")


def test_a_batch_that_is_not_there_yet_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    out, failure = concluded(Known(account(2)), capsys)
    assert isinstance(failure, NotInTime)
    assert (failure.exit_code, failure.message) == (2, "batch spring has not finished: 2 of 3 jobs have ended")
    assert json.loads(out)["finished"] is False


def test_a_batch_of_unknown_size_says_what_would_be_right(capsys: pytest.CaptureFixture[str]) -> None:
    _, failure = concluded(Known(account(2, size=None)), capsys)
    assert isinstance(failure, NotInTime)
    assert "none has said how many there are" in failure.message
    assert "batch_size" in failure.hint


def test_a_batch_of_which_nothing_was_heard_is_named_with_its_tenant(capsys: pytest.CaptureFixture[str]) -> None:
    out, failure = concluded(Known(), capsys)
    assert isinstance(failure, NotInTime)
    assert (out, failure.message) == ("", "no job of a batch spring of tenant default has ended")


def test_a_person_sees_counts_and_cost(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = concluded(Known(None, finished(2, failed=1, unpriced=1)), capsys, as_json=False)
    assert "spring  finished" in out
    assert "$0.5000 (and 1 jobs of unknown cost)" in out
