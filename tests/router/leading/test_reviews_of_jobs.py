"""Reviews on the way of a job: what ends it closes them, items have one each, and further runs ask again or do not."""

from datetime import timedelta
from pathlib import Path

import pytest

from headchef_contracts.events.brakes import BrakeScope, BrakeSet, brake_of
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import Failure
from headchef_contracts.events.steps import StepPlanned

from headchef.bodies import Bodies
from headchef.router.leading import asking_people
from tests.bodies.builders import LARGE, Pantry
from tests.router.conftest import SILENCE
from tests.router.leading.kitchen import Kitchen, echo, prompt_of, written
from tests.router.leading.reviewing import PAGE, SCHEMA, WITHIN_S, decision, edit, kitchen, rings, rung, steps, waiting
from tests.support.builders import NOON, make_delivery


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


async def test_a_deadline_before_all_times_ends_the_review_at_once(tmp_path: Path) -> None:
    kit = await waiting(tmp_path, deadline="0001-01-01T00:00:00+14:00")
    assert kit.asked[0].due == NOON
    await rung(kit)
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.reason == "deadline_exceeded"


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


@pytest.mark.parametrize("bodies", [None, Pantry().bodies])
async def test_a_job_that_waits_is_not_begun_again_when_it_is_remembered_no_more(
    tmp_path: Path, bodies: Bodies | None
) -> None:
    kit = Kitchen(echo, bodies=bodies)
    await kit.publish(written(tmp_path, steps(), page_v1=SCHEMA))
    values = {"page": PAGE, "notes": LARGE}
    await kit.submit(values)
    await kit.serve()
    [seen] = [key for key in kit.door.state.values if key[0] == "seen"]
    del kit.door.state.values[seen]
    same = {"job_id": "job-1", "workflow": "w@1", "input": values}
    outcome = await kit.deliver(make_delivery(value=same, offset=7))
    assert (outcome.counted, outcome.changes) == (("headchef.jobs.duplicates",), ())
    await kit.deliver(make_delivery(value=same | {"input": {"page": {"title": "Bruges"}}}, offset=8))
    assert [(refused.reason, refused.field) for refused in kit.refused] == [("job_id_conflict", "job_id")]
    await kit.command(decision())
    assert (await kit.run()).output == Inline(inline="one Ghent")
    assert (len(kit.asked), len(kit.steps)) == (1, 2)


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
    kit.door.clock.advance(60)
    await kit.submit({"page": PAGE}, run=1)
    assert len(kit.asked) == (1 if decided else 2)


@pytest.mark.parametrize("rejected", [True, False])
async def test_a_further_run_asks_again_about_what_was_rejected_and_not_about_what_silence_approves(
    tmp_path: Path, rejected: bool
) -> None:
    kit = await waiting(tmp_path, steps("approve"))
    if rejected:
        await kit.command(decision("reject"))
    else:
        await rung(kit)
        [last] = kit.open
        kit.open.clear()
        await kit.deliver(kit.told(last, Failure(reason="timeout", message="30 s")))
    assert kit.finished[0].status == "failed"
    await kit.submit({"page": PAGE}, run=1)
    assert len(kit.asked) == (2 if rejected else 1)


async def test_what_silence_approves_and_breaks_its_checks_is_asked_about_again(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, steps("approve"))
    values = {"page": {"title": "far too long a title"}}
    await kit.submit(values)
    await kit.serve()
    await rung(kit)
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.message.startswith("look: rejected: ")
    await kit.submit(values, run=1)
    assert len(kit.asked) == 2


async def test_of_what_is_taken_over_the_result_says_when_it_was_decided(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    await kit.command(edit("Bruges"))
    for run in range(3):
        if run:
            await kit.submit({"page": PAGE}, run=run)
        kit.restart()
        [last] = kit.open
        kit.open.clear()
        await kit.deliver(kit.told(last, Failure(reason="timeout", message="30 s")))
        kit.door.clock.advance(60)
    assert [told.at for finished in kit.finished for told in finished.provenance.reviews] == [NOON] * 3
    assert [finished.timing.finished_at - NOON for finished in kit.finished] == [
        timedelta(seconds=60 * run) for run in range(3)
    ]


async def test_a_job_that_ends_of_silence_closes_its_reviews(tmp_path: Path) -> None:
    kit = await waiting(tmp_path)
    [alarm] = [each for each in kit.timers.values() if "review" not in each.id]
    # The timer of the review was lost with its changelog, say.
    kit.door.clock.advance(WITHIN_S + SILENCE.total_seconds() + 1)
    await kit.ring(alarm)
    [finished] = kit.finished
    assert finished.failure is not None
    assert finished.failure.message.startswith("lost: nothing has come of look since ")
    assert [closed.outcome for closed in kit.closed] == ["called_off"]
    assert not rings(kit)
