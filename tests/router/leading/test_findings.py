"""A result has room for its findings, however many items were lost and however much is said of each."""

from pathlib import Path

from headchef_contracts.events.jobs import Failure
from headchef_contracts.registry import encode

from headchef.router.leading.finishing import MAX_FINDINGS_BYTES
from tests.router.leading.kitchen import Kitchen, ended, written

ITEMS = 1_200
STEPS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 1000, min_success: 0.0}
    llm: {text: "{{ item }}", with: {item: "{{ item }}"}}
    on_error: drop
"""


async def lost(folder: Path, message: str) -> Kitchen:
    """Lead a job all of whose items fail, with these words."""
    failed = ended("failed", failure=Failure(reason="timeout", message=message))
    kit = Kitchen(lambda _: failed)
    await kit.publish(written(folder, STEPS))
    await kit.submit({"items": ["x"] * ITEMS})
    await kit.run()
    return kit


async def test_each_of_many_lost_items_is_named(tmp_path: Path) -> None:
    [finished] = (await lost(tmp_path, "30 s")).finished
    assert finished.status == "ok"
    assert [each.path for each in finished.findings] == [f"/steps/last/{number}" for number in range(ITEMS)]


async def test_of_long_findings_so_many_are_told_as_have_room_and_how_many_more_there_are(tmp_path: Path) -> None:
    [finished] = (await lost(tmp_path, "\u2014" * 2_000)).finished
    *told, more = finished.findings
    assert 300 < len(told) < ITEMS
    assert all(len(each.message) <= 501 for each in told)
    assert more.check == "more"
    assert more.message.startswith(f"{ITEMS - len(told):,} findings more have no room here")
    without = finished.model_copy(update={"findings": ()})
    assert len(encode(finished)) - len(encode(without)) <= MAX_FINDINGS_BYTES + len(more.model_dump_json())
