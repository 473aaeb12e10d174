"""Waiting for a batch: what is read, how it ends, and what it says where the batch has not finished."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from headchef_contracts.events.batches import BatchCounts, BatchFinished, CountedReason
from headchef_contracts.events.brakes import BrakeSet

from headchef.batches.account import ACCOUNTS, Account, account_key
from headchef.brakes import TOPIC
from headchef.cli.batches.reading import Known, open_watch
from headchef.cli.batches.running import conclude, watch
from headchef.cli.faults import NotInTime, WorkFailed
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import START
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.braking import make_brake
from tests.support.builders import make_decided
from tests.support.eventually import eventually

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


async def write(log: MemoryLog, *what: Account | BatchFinished | BrakeSet) -> None:
    for each in what:
        if isinstance(each, BrakeSet):
            await put_event(log, TOPIC, each, each.brake.encode(), 0)
            continue
        if isinstance(each, Account):
            key = account_key(each.tenant, each.batch_id)
            await put(log, f"batches.{ACCOUNTS}.changelog", each.written(), key, 1)
        else:
            await put_event(log, "batches.finished", each, each.batch_id.encode())


async def seen(
    log: MemoryLog,
    timeout_s: float | None = 0,
    stop: asyncio.Event | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Known:
    opened = await open_watch(log, NAMESPACE, NAME)
    with Screen(as_json=True).progress("test") as meter:
        return await watch(
            opened, timeout_s=timeout_s, stop=stop or asyncio.Event(), clock=SystemClock(), meter=meter, say=say
        )


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


MINE: list[dict[str, Any]] = [{"tenant": NAME[0], "batch_id": NAME[1]}, {"batch_id": NAME[1]}, {"tenant": NAME[0]}]


@pytest.mark.parametrize("scope", MINE)
async def test_a_pause_is_told_of_when_it_begins_and_when_it_ends(scope: dict[str, Any]) -> None:
    log, told = make_log(), list[str]()
    await write(log, account(2), make_brake("pause", because="5 of 5 answers were rejected or failed", **scope))
    waiting = asyncio.ensure_future(seen(log, timeout_s=None, say=told.append))
    await eventually(lambda: told)
    assert told[0].startswith(
        "paused by ann@desk-7 since 2026-11-22 12:00:00 UTC: 5 of 5 answers were rejected or failed"
    )
    assert "; `headchef resume " in told[0]
    await write(log, make_brake("resume", **scope))
    await eventually(lambda: len(told) == 2)
    assert told[1] == "it goes on"
    await write(log, account(3, finished=True), finished())
    assert (await waiting).finished is not None


@pytest.mark.parametrize(
    "scope",
    [{"tenant": "acme", "batch_id": NAME[1]}, {"tenant": NAME[0], "batch_id": "autumn"}, {"lane": "default"}],
)
async def test_what_pauses_others_is_no_pause_of_the_batch(scope: dict[str, Any]) -> None:
    log = make_log()
    await write(log, account(2), make_brake("pause", **scope))
    assert (await seen(log)).pause is None


async def test_a_batch_that_has_finished_is_not_held_by_a_pause_that_was_left() -> None:
    log = make_log()
    await write(log, make_brake("pause", **MINE[0]), account(3, finished=True), finished())
    known = await seen(log)
    assert (known.pause is not None, known.holding) == (True, None)


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


@pytest.mark.parametrize(
    ("scope", "options"),
    [
        (MINE[0], "--batch spring --tenant default"),
        (MINE[1], "--batch spring"),
        (MINE[2], "--tenant default"),
        ({"batch_id": "all of it"}, "--batch 'all of it'"),
    ],
)
def test_a_batch_that_is_paused_says_why_and_what_lets_it_go_on(
    scope: dict[str, Any], options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pause = make_brake("pause", because="the prompt", **scope)
    out, failure = concluded(Known(account(2), pause=pause), capsys)
    assert isinstance(failure, NotInTime)
    assert (failure.exit_code, failure.message) == (2, "batch spring is paused: 2 of 3 jobs have ended")
    assert failure.hint == (f"`headchef resume {options}` lets it go on, and `headchef cancel {options}` ends it")
    assert json.loads(out)["paused"] == {"by": "ann@desk-7", "because": "the prompt", "set_at": "2026-11-22T12:00:00Z"}
    _, failure = concluded(Known(pause=pause), capsys)
    assert isinstance(failure, NotInTime)
    assert "has ended, and it is paused by ann@desk-7" in failure.message


REASONS = (
    CountedReason(check="chars", path="/title", message="has 81", jobs=1_200),
    CountedReason(failure="timeout", message="30 s", jobs=3, doubtful=2),
)


def test_a_person_sees_why_jobs_were_rejected_and_what_pauses_the_batch(capsys: pytest.CaptureFixture[str]) -> None:
    known = Known(account(2, reasons=REASONS), pause=make_brake("pause", because="the prompt", **MINE[0]))
    out, _ = concluded(known, capsys, as_json=False)
    assert "spring  paused" in out
    assert "paused by ann@desk-7 since 2026-11-22 12:00:00 UTC: the prompt" in out
    lines = [line.split() for line in out.splitlines()]
    assert ["1,200", "chars", "/title", "has", "81"] in lines
    assert ["≤", "3", "timeout", "30", "s"] in lines


@pytest.mark.parametrize("known", [Known(account(2, reasons=REASONS)), Known(None, finished(reasons=REASONS))])
def test_a_program_is_told_why_jobs_were_rejected(known: Known, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(concluded(known, capsys)[0])
    assert [(each["check"], each["failure"], each["jobs"]) for each in told["reasons"]] == [
        ("chars", None, 1_200),
        (None, "timeout", 3),
    ]
    assert told["paused"] is None


def test_a_person_sees_counts_and_cost(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = concluded(Known(None, finished(2, failed=1, unpriced=1)), capsys, as_json=False)
    assert "spring  finished" in out
    assert "$0.5000 (and 1 jobs of unknown cost)" in out
