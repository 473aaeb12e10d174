"""Decisions that `headchef review` sends, the answers that it waits for, and what it tells of them."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from headchef_contracts import registry, topics
from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.reviews import CommandRefused, JobName, ReviewDecided

from headchef.cli.faults import NotInTime, WorkFailed
from headchef.cli.reviewing.conclusion import conclude
from headchef.cli.reviewing.running import Decision, command_of
from headchef.cli.reviewing.sending import Answer, send
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.cli.reviews import APPROVE, of_job
from tests.support.builders import make_decided, make_head, make_review, make_review_closed
from tests.support.eventually import PATIENCE_S, eventually_async


def test_a_command_names_its_review_and_the_home_of_its_job() -> None:
    head = make_head("a", run=2, revision=3, tenant="acme", conversation_id="talk", home_partition=1)
    review = make_review("x", job=head, item="1")
    command = command_of(review, Decision("edit", "typo", "ann@desk"), "y", "c-1")
    assert (command.job_id, command.run, command.revision, command.tenant) == ("a", 2, 3, "acme")
    assert (command.home_partition, command.conversation_id, command.item) == (1, "talk", "1")
    assert (command.verdict, command.document, command.because) == ("edit", Inline(inline="y"), "typo")


def refusal(command: ReviewDecided, reason: str = "closed") -> CommandRefused:
    return CommandRefused.model_validate(
        {
            "job": JobName(job_id=command.job_id),
            "step_id": command.step_id,
            "item": command.item,
            "command_id": command.command_id,
            "reason": reason,
            "message": "it was approved by bob@desk before",
            "decided": make_decided(),
        }
    )


async def sent(log: MemoryLog, commands: Sequence[ReviewDecided], timeout_s: float = PATIENCE_S) -> dict[str, Answer]:
    return await send(
        log,
        NAMESPACE,
        commands,
        timeout_s=timeout_s,
        stop=asyncio.Event(),
        clock=SystemClock(),
        told=lambda done: None,
    )


async def commands_on(log: MemoryLog) -> list[tuple[int, ReviewDecided]]:
    name = topics.physical(NAMESPACE, "jobs.commands")
    reader = await log.reader("test")
    partitions = [Partition(name, number) for number in range(4)]
    await reader.assign(dict.fromkeys(partitions, 0))
    polled = await reader.poll(partitions, max_records=100, timeout_s=0.05)
    return [
        (record.partition, registry.decode(ReviewDecided.event_type, 1, record.value or b""))  # type: ignore[misc]
        for records in polled.values()
        for record in records
    ]


async def test_each_decision_is_sent_home_and_has_its_answer() -> None:
    log = make_log()
    reviews = [of_job("a"), of_job("b")]
    await put_event(log, "reviews", make_review_closed(reviews[0], command_id="c-0"), b"a")
    commands = [command_of(each, APPROVE, None, f"c-{number}") for number, each in enumerate(reviews)]

    async def answer() -> None:
        async def all_sent() -> bool:
            return len(await commands_on(log)) == len(commands)

        await eventually_async(all_sent)
        await put_event(log, "reviews", make_review_closed(reviews[0], command_id="another"), b"a")
        await put_event(log, "reviews", make_review_closed(reviews[0], command_id="c-0"), b"a")
        await put_event(log, "reviews", refusal(commands[1]), b"b")
        # Delivered again, which at least once may be.
        await put_event(log, "reviews", refusal(commands[0], "unknown"), b"a")

    answers, _ = await asyncio.gather(sent(log, commands), answer())
    assert {name: each.event_type for name, each in answers.items()} == {
        "c-0": "headchef.review.closed",
        "c-1": "headchef.command.refused",
    }
    assert sorted(await commands_on(log), key=lambda each: each[1].job_id) == [
        (review.job.home_partition, command) for review, command in zip(reviews, commands, strict=True)
    ]


async def test_what_is_not_answered_in_time_is_not_waited_for() -> None:
    log = make_log()
    assert await sent(log, [command_of(of_job("a"), APPROVE, None, "c-1")], timeout_s=0.05) == {}


def concluded(answers: dict[str, Answer], capsys: pytest.CaptureFixture[str]) -> tuple[list[Any], Exception | None]:
    commands = [command_of(of_job(job_id), APPROVE, None, f"c-{job_id}") for job_id in ("a", "b")]
    failure = None
    try:
        conclude(commands, answers, Screen(as_json=True))
    except (NotInTime, WorkFailed) as fault:
        failure = fault
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()], failure


def test_what_became_of_each_decision_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    closed = make_review_closed(of_job("a"), command_id="c-a")
    told, failure = concluded({"c-a": closed, "c-b": make_closed_b()}, capsys)
    assert ([each["taken"] for each in told], failure) == ([True, True], None)
    refused = refusal(command_of(of_job("b"), APPROVE, None, "c-b")).model_copy(
        update={"findings": (Finding(check="chars", path="", message="long"),)}
    )
    told, failure = concluded({"c-a": closed, "c-b": refused}, capsys)
    assert [(each["taken"], each["reason"], len(each["findings"])) for each in told] == [
        (True, None, 0),
        (False, "closed", 1),
    ]
    assert isinstance(failure, WorkFailed)
    assert failure.message == "1 decision changed nothing"
    told, failure = concluded({"c-b": refused}, capsys)
    assert [each["taken"] for each in told] == [None, False]
    assert isinstance(failure, NotInTime)


def make_closed_b() -> Answer:
    return make_review_closed(of_job("b"), command_id="c-b")
