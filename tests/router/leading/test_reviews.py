"""A step that waits for a person: asked once, decided once, and closed whatever becomes of the job."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.brakes import BrakeScope, BrakeSet, brake_of
from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import StepPlanned
from headchef_contracts.placement import home_partition

from headchef.router.leading import asking_people
from headchef.runtime.log.port import Headers
from headchef.runtime.processor import DeadLetter, Forward, Timer
from tests.router.conftest import SILENCE
from tests.router.leading.kitchen import Kitchen, echo, prompt_of, written
from tests.support.builders import NOON

WITHIN_S = 600
SCHEMA = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
PAGE = {"title": "Ghent"}


def steps(otherwise: str = "needs_review", *, more: str = "") -> str:
    return f"""
  - {{id: first, llm: {{text: "one"}}}}
  - id: look
    human: {{review: "{{{{ input.page }}}}", within: {WITHIN_S}, otherwise: {otherwise}}}
    output: {{schema: page.v1}}
    checks: [{{check: chars, path: title, max: 10}}]
    {more}
  - {{id: last, llm: {{text: "{{{{ all }}}}", with: {{all: "{{{{ steps.first }}}} {{{{ steps.look.title }}}}"}}}}}}
"""


async def kitchen(folder: Path, text: str | None = None, answer: Any = echo) -> Kitchen:
    made = Kitchen(answer)
    await made.publish(written(folder, steps() if text is None else text, page_v1=SCHEMA))
    return made


async def waiting(folder: Path, text: str | None = None, **fields: Any) -> Kitchen:
    """Give a router with one job that waits for a person alone."""
    kit = await kitchen(folder, text)
    await kit.submit({"page": PAGE}, **fields)
    while kit.open:
        await kit.serve()
    return kit


def decision(verdict: str = "approve", **fields: Any) -> dict[str, Any]:
    return {"command_id": "c-1", "job_id": "job-1", "step_id": "look", "verdict": verdict, "by": "ann@desk"} | fields


def edit(title: Any, **fields: Any) -> dict[str, Any]:
    return decision("edit", document={"inline": {"title": title}}, **fields)


def rings(kit: Kitchen) -> list[Timer]:
    """Give the timers of reviews that are set."""
    return [each for each in kit.timers.values() if "review" in each.id]


async def rung(kit: Kitchen) -> None:
    """Let the time of the review pass."""
    [timer] = rings(kit)
    kit.door.clock.advance((timer.due - kit.door.clock.now()).total_seconds())
    await kit.ring(timer)


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


def cancelled(scope: BrakeScope) -> BrakeSet:
    return BrakeSet(
        brake=brake_of("cancel", scope), action="cancel", scope=scope, because="prices", by="bob", set_at=NOON
    )


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_cancel_closes_the_review_and_the_job(tmp_path: Path, goes_on: bool) -> None:
    kit = await waiting(tmp_path)
    if goes_on:
        kit.restart()
    kit.door.brakes.take(cancelled(BrakeScope(tenant="default")))
    [timer] = rings(kit)
    await kit.ring(timer)
    [finished] = kit.finished
    assert finished.failure == Failure(reason="cancelled", message="look: tenant=default was cancelled by bob: prices")
    assert finished.status == "cancelled"
    assert [closed.outcome for closed in kit.closed] == ["called_off"]
    assert not rings(kit)


async def test_of_a_cancelled_job_nobody_is_asked(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    kit.door.brakes.take(cancelled(BrakeScope(tenant="default")))
    await kit.submit({"page": PAGE})
    assert (await kit.run()).status == "cancelled"
    assert (kit.asked, kit.closed) == ([], [])


async def test_the_deadline_of_the_job_ends_the_review_too(tmp_path: Path) -> None:
    kit = await waiting(tmp_path, deadline=(NOON + timedelta(seconds=60)).isoformat())
    assert kit.asked[0].due == NOON + timedelta(seconds=60)
    await rung(kit)
    [finished] = kit.finished
    assert finished.failure is not None
    assert (finished.status, finished.failure.reason) == ("failed", "deadline_exceeded")
    assert [closed.outcome for closed in kit.closed] == ["called_off"]


ITEMS = f"""
  - {{id: first, llm: {{text: "one"}}}}
  - id: look
    for_each: {{in: "{{{{ input.pages }}}}", as: page, key: title}}
    human: {{review: "{{{{ page }}}}", within: {WITHIN_S}, otherwise: approve}}
  - {{id: last, python: {{call: f, with: {{first: "{{{{ steps.first }}}}", pages: "{{{{ steps.look }}}}"}}}}}}
"""


async def test_each_item_is_decided_by_itself(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, ITEMS)
    await kit.submit({"pages": [{"title": "a"}, {"title": "b"}, {"title": "c"}]})
    assert [asked.item for asked in kit.asked] == ["a", "b", "c"]
    await kit.command(decision(item="b"))
    kit.restart()
    await kit.command(edit("A", item="a", command_id="c-2"))
    await kit.command(edit("C", item="c", command_id="c-3"))
    finished = await kit.run()
    assert finished.output == Inline(
        inline={"called": "f", "first": "one", "pages": [{"title": "A"}, {"title": "b"}, {"title": "C"}]}
    )
    assert [told.item for told in finished.provenance.reviews] == ["b", "a", "c"]


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_job_that_fails_closes_all_its_reviews(tmp_path: Path, goes_on: bool) -> None:
    kit = await kitchen(tmp_path, ITEMS, lambda _: Failure(reason="timeout", message="30 s"))
    await kit.submit({"pages": [{"title": "a"}, {"title": "b"}]})
    if goes_on:
        kit.restart()
    finished = await kit.run()
    assert finished.status == "failed"
    assert [(closed.item, closed.outcome) for closed in kit.closed] == [("a", "called_off"), ("b", "called_off")]
    assert not rings(kit)


async def test_one_rejected_item_closes_those_beside_it_and_the_rest_is_waited_for(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, ITEMS)
    await kit.submit({"pages": [{"title": "a"}, {"title": "b"}]})
    await kit.command(decision("reject", item="a"))
    assert [(closed.item, closed.outcome) for closed in kit.closed] == [("a", "rejected"), ("b", "called_off")]
    assert not kit.finished
    kit.restart()
    finished = await kit.run()
    assert finished.status == "failed"
    assert finished.provenance.attempts == 1
    assert not rings(kit)


async def test_a_job_may_wait_for_a_person_longer_than_for_anybody_else(tmp_path: Path) -> None:
    within_s = 20 * 86_400
    kit = await waiting(tmp_path, steps().replace(f"within: {WITHIN_S}", f"within: {within_s}"))
    [alarm] = [each for each in kit.timers.values() if "review" not in each.id]
    kit.door.clock.advance((alarm.due - NOON).total_seconds() + 60)
    await kit.ring(alarm)
    assert not kit.finished
    assert kit.timers[alarm.id].due == NOON + timedelta(seconds=within_s) + SILENCE
    await kit.command(decision())
    assert (await kit.run()).status == "ok"


async def test_a_step_that_is_told_of_again_sets_the_timers_again(tmp_path: Path) -> None:
    text = """
  - {id: first, llm: {text: "one"}}
  - {id: last, human: {review: "{{ steps.first }}", within: 60, otherwise: approve}}
"""
    kit = await kitchen(tmp_path, text)
    await kit.submit()
    [planned] = kit.open
    await kit.serve()
    before = dict(kit.timers)
    # At least once a crash may have kept the timers alone from being written.
    kit.timers.clear()
    kit.restart()
    await kit.deliver(kit.told(planned, echo(planned)))
    [timer] = kit.timers.values()
    assert before[timer.id] == timer
    assert len(kit.asked) == 1


async def test_too_large_a_document_is_not_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_people, "MAX_DOCUMENT_BYTES", 100)
    kit = await waiting(tmp_path)
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.message.startswith("look: the document has ")
    assert (finished.failure.reason, kit.asked) == ("too_large", [])


async def test_questions_that_follow_are_asked_once_it_is_decided(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await kit.command(decision())
    assert [prompt_of(each) for each in kit.open if isinstance(each, StepPlanned)] == ["one Ghent"]


@pytest.mark.parametrize("decided", [True, False])
async def test_a_further_run_asks_again_only_what_nobody_has_decided(tmp_path: Path, decided: bool) -> None:
    kit = await waiting(tmp_path)
    if decided:
        await kit.command(edit("Bruges"))
        [last] = kit.open
        await kit.deliver(kit.told(last, Failure(reason="timeout", message="30 s")))
    else:
        await rung(kit)
        await kit.run()
    assert kit.finished[0].status == ("failed" if decided else "needs_review")
    await kit.submit({"page": PAGE}, run=1)
    assert len(kit.asked) == (1 if decided else 2)
