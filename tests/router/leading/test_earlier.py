"""What is taken over of earlier runs: which bodies are read for that, and how often all is gone through."""

from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.calls import CallFailure, CallPlanned

from headchef.bodies.at_hand import BodiesAtHand, NotAtHand
from headchef.bodies.kept import Key
from headchef.router.leading.earlier import Earlier
from headchef.router.leading.records import JobRecord, UnitRecord
from headchef.router.leading.remains import forgotten
from headchef.workflow.progress import Work
from tests.bodies.builders import INLINE_BYTES, Pantry
from tests.router.conftest import FakeState
from tests.router.leading.kitchen import Kitchen, Planned, written
from tests.support.builders import make_decided
from tests.workflow.progress.jobs import begun

COUNT = 30
VALUES = {"items": [str(number) for number in range(COUNT)]}
STEPS = """
  - id: parts
    for_each: {in: "{{ input.items }}", as: item, concurrency: 30}
    python: {call: tests.f, with: {item: "{{ item }}"}}
  - {id: last, python: {call: tests.f, with: {parts: "{{ steps.parts }}"}}}
"""


def but_for_the_last(planned: Planned) -> Any:
    assert isinstance(planned, CallPlanned)
    item = planned.item
    return CallFailure(reason="timeout", message="30 s") if item is None else item.ljust(2 * INLINE_BYTES)


async def failed_before(folder: Path, at_hand: BodiesAtHand) -> tuple[Earlier, list[Work], FakeState]:
    """Give what a job has done that failed at its last step, and what its next run begins with."""
    flow = written(folder, STEPS)
    kit = Kitchen(but_for_the_last, bodies=Pantry().bodies)
    await kit.publish(flow)
    await kit.submit(VALUES)
    finished = await kit.run()
    record = JobRecord(
        head=finished.job.model_copy(update={"run": 1}),
        workflow=flow.name,
        digest=flow.sources.digest,
        input=VALUES,
        cache="exact",
        at=finished.decided.at,
        cause=make_decided().causes[0],
        takes_over=True,
    )
    _, works = begun(flow, VALUES)
    return Earlier(record, kit.door.state, at_hand), works, kit.door.state


@pytest.mark.parametrize(("wanted", "most_read", "most_times"), [(1, 8, 1), (9, 18, 2), (COUNT, COUNT, 3)])
async def test_few_more_bodies_are_read_than_are_needed_and_all_is_gone_through_few_times(
    tmp_path: Path, wanted: int, most_read: int, most_times: int
) -> None:
    at_hand = BodiesAtHand(INLINE_BYTES)
    earlier, works, _ = await failed_before(tmp_path, at_hand)
    read: dict[Key, Any] = {}
    found: list[UnitRecord | None] = []
    times = 0
    while not found:
        at_hand.lay_out(read)
        try:
            found = [earlier.of(work, make_decided()) for work in works[:wanted]]
        except NotAtHand as missing:
            times += 1
            read |= dict.fromkeys(missing.wanted, "what was read")
    assert [each.output for each in found if each is not None] == ["what was read"] * wanted
    assert wanted <= len(read) <= most_read
    assert times <= most_times


async def test_what_is_forgotten_meanwhile_is_not_taken_over(tmp_path: Path) -> None:
    earlier, [work, *_], state = await failed_before(tmp_path, BodiesAtHand(INLINE_BYTES))
    with pytest.raises(NotAtHand):
        earlier.of(work, make_decided())
    state.apply(forgotten(b"\0default\0job-1\x000", state))
    assert earlier.of(work, make_decided()) is None
