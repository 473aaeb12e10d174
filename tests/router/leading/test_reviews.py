"""A step that waits for a person: asked once, decided once, and told of what changes nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import Failure
from headchef_contracts.placement import home_partition

from headchef.runtime.log.port import Headers
from headchef.runtime.processor import DeadLetter, Forward
from tests.router.leading.reviewing import PAGE, SCHEMA, WITHIN_S, decision, edit, kitchen, rings, rung, steps, waiting
from tests.support.builders import NOON


async def test_a_person_is_asked_with_all_that_it_takes_to_decide(tmp_path: Path) -> None:
    kit = await waiting(tmp_path, labels={"team": "red"})
    [asked] = kit.asked
    assert (asked.step_id, asked.item, asked.workflow, asked.otherwise) == ("look", None, "w@1", "needs_review")
    assert asked.document == Inline(inline=PAGE)
    assert asked.due == NOON + timedelta(seconds=WITHIN_S)
    assert (asked.json_schema, asked.checks[0].check, asked.checks[0].arguments) == (SCHEMA, "chars", {"max": 10})
    assert asked.job.labels == {"team": "red"}
    assert not kit.finished


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize(
    ("command", "outcome", "said"),
    [(decision(), "approved", "one Ghent"), (edit("Bruges", because="wrong town"), "edited", "one Bruges")],
)
async def test_what_was_approved_or_edited_is_what_the_job_goes_on_with(
    tmp_path: Path, command: dict[str, Any], outcome: str, said: str, goes_on: bool
) -> None:
    kit = await waiting(tmp_path)
    if goes_on:
        kit.restart()
    await kit.command(command)
    finished = await kit.run()
    assert (finished.status, finished.output, finished.findings) == ("ok", Inline(inline=said), ())
    [closed] = kit.closed
    assert (closed.outcome, closed.by, closed.command_id) == (outcome, "ann@desk", "c-1")
    [told] = finished.provenance.reviews
    assert (told.step_id, told.outcome, told.by, told.because) == ("look", outcome, "ann@desk", command.get("because"))
    assert not kit.timers
    assert not kit.stored


async def test_a_rejection_is_an_error_of_the_step(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await kit.command(decision("reject", because="the wrong town"))
    finished = await kit.run()
    assert finished.failure == Failure(
        reason="step_failed", message="look: review_rejected: ann@desk rejected it: the wrong town"
    )


async def test_a_rejection_is_handled_as_any_error(tmp_path: Path) -> None:
    kit = await waiting(tmp_path, steps(more="on_error: continue_with\n    continue_with: {title: Nowhere}"))
    await kit.command(decision("reject"))
    finished = await kit.run()
    assert (finished.status, finished.output) == ("ok", Inline(inline="one Nowhere"))
    assert finished.findings == (Finding(check="review_rejected", path="/steps/look", message="ann@desk rejected it"),)


@pytest.mark.parametrize(
    ("otherwise", "status", "outcome", "finding"),
    [
        ("needs_review", "needs_review", "undecided", "nobody decided within 600 s, it is yet to be looked at"),
        ("approve", "ok", "approved", "nobody decided within 600 s, which approves it"),
    ],
)
async def test_where_nobody_decides_the_job_goes_on_and_says_so(
    tmp_path: Path, otherwise: str, status: str, outcome: str, finding: str
) -> None:
    kit = await waiting(tmp_path, steps(otherwise))
    await rung(kit)
    finished = await kit.run()
    assert (finished.status, finished.output) == (status, Inline(inline="one Ghent"))
    assert finished.findings == (Finding(check="review", path="/steps/look", message=finding),)
    [closed] = kit.closed
    assert (closed.outcome, closed.by) == (outcome, None)
    assert not rings(kit)


async def test_that_nobody_has_decided_is_known_to_who_goes_on(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await rung(kit)
    kit.restart()
    assert (await kit.run()).status == "needs_review"


async def test_where_nobody_decides_it_may_be_rejected(tmp_path: Path) -> None:
    kit = await waiting(tmp_path, steps("reject"))
    await rung(kit)
    finished = await kit.run()
    assert finished.failure is not None
    assert finished.failure.message == "look: review_rejected: nobody decided within 600 s, which rejects it"


@pytest.mark.parametrize("title", ["far too long a title", 7])
async def test_an_edit_that_fails_leaves_the_review_open(tmp_path: Path, title: Any) -> None:
    kit = await waiting(tmp_path)
    await kit.command(edit(title))
    [refused] = kit.told_off
    assert (refused.reason, refused.command_id, refused.findings[0].path) == ("invalid", "c-1", "/title")
    assert refused.message.endswith("mend it, the review is still open")
    await kit.command(edit("Bruges", command_id="c-2"))
    assert (await kit.run()).output == Inline(inline="one Bruges")
    assert len(kit.closed) == 1


async def test_what_fails_its_checks_cannot_be_approved_as_it_is(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"page": {"title": "Ghent, the town"}})
    await kit.serve()
    await kit.command(decision())
    [refused] = kit.told_off
    assert refused.message.endswith("edit or reject it, the review is still open")
    await kit.command(edit("Ghent", command_id="c-2"))
    assert (await kit.run()).output == Inline(inline="one Ghent")


async def test_the_first_of_two_decisions_counts(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await kit.command(decision())
    await kit.command(decision("reject", command_id="c-2", by="bob@desk"))
    [refused] = kit.told_off
    assert (refused.reason, refused.command_id) == ("closed", "c-2")
    assert refused.message.startswith("it was approved by ann@desk before, at 2026")
    assert (await kit.run()).status == "ok"
    await kit.command(decision("reject", command_id="c-3", home_partition=kit.asked[0].job.home_partition))
    assert kit.told_off[-1].reason == "unknown"
    assert len(kit.closed) == 1


async def test_a_decision_that_comes_again_is_not_answered_again(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await kit.command(decision())
    await kit.command(decision())
    assert (len(kit.closed), kit.told_off) == (1, [])


async def test_a_late_decision_changes_nothing(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    kit.door.clock.advance(WITHIN_S)
    await kit.command(edit("Bruges"))
    [refused] = kit.told_off
    assert refused.reason == "late"
    await rung(kit)
    assert (await kit.run()).output == Inline(inline="one Ghent")


@pytest.mark.parametrize(
    "wrong",
    [{"job_id": "job-2"}, {"run": 1}, {"tenant": "acme"}, {"step_id": "first"}, {"step_id": "x"}, {"item": "1"}],
)
async def test_a_decision_about_what_is_not_open_is_told_so(tmp_path: Path, wrong: dict[str, Any]) -> None:
    kit = await waiting(tmp_path)
    [outcome] = (await kit.command(decision(**wrong))).outputs
    while isinstance(outcome, Forward):
        sent = {"partition": outcome.partition, "headers": outcome.headers}
        [outcome] = (await kit.command(decision(**wrong), **sent)).outputs
    [refused] = kit.told_off
    assert refused.reason == "unknown"
    assert not kit.closed


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (b"\0\0\0\1{}", "schema_registry_framing", None),
        (b"{", "not_json", None),
        (b"[]", "not_an_object", None),
        (decision(verdict="maybe"), "invalid", "verdict"),
        (decision(by=""), "invalid", "by"),
        (decision(document={"inline": 1}), "invalid", "document"),
        (decision("edit"), "invalid", "document"),
        (decision(stepid="look"), "invalid", "stepid"),
        (decision(home_partition=99), "invalid", "home_partition"),
        (
            decision("edit", document={"ref": {"sha256": "0" * 64, "bytes": 1, "media_type": "text/plain"}}),
            "unsupported_reference",
            "document",
        ),
    ],
)
async def test_what_is_no_command_goes_to_the_dead_letters(
    tmp_path: Path, value: Any, reason: str, field: str | None
) -> None:
    kit = await waiting(tmp_path)
    outcome = await kit.command(value)
    [letter] = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert (letter.reason, letter.field) == (reason, field)
    await kit.command(decision())
    assert (await kit.run()).status == "ok"


async def test_a_null_value_is_passed_over(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    assert (await kit.command(None)).counted == ("headchef.records.skipped",)


async def test_a_command_is_sent_to_the_home_of_its_job(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    [asked] = kit.asked
    home = asked.job.home_partition
    other = (home + 1) % 4
    elsewhere = await kitchen(tmp_path)
    by_key = await elsewhere.command(decision(), partition=other)
    named = await kit.command(decision(home_partition=home), partition=other)
    for outcome in (by_key, named):
        [forward] = outcome.outputs
        assert isinstance(forward, Forward)
        assert forward.partition == home
    # The topics have grown, and the job is where it was: who does not say so has the command look for it.
    place, way = 1, list[int]()
    headers: Headers = ()
    while place != home or not way:
        outcome = await elsewhere.command(decision(), partition=place, partitions=64, headers=headers)
        [forward] = outcome.outputs
        assert isinstance(forward, Forward)
        place, headers = forward.partition, forward.headers
        way.append(place)
    assert way[0] == home_partition("job-1", None, 64)
    assert len(way) == len(set(way))
    await kit.command(decision(home_partition=home), partition=home, partitions=64)
    assert len(kit.closed) == 1
