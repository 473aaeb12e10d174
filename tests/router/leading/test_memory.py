"""What a router remembers of jobs beside the state: it holds for one reading of the state, and for so many units."""

from pathlib import Path

from headchef.router.leading.memory import Memory
from tests.router.leading.kitchen import Kitchen, echo, written

STEPS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 1}
    llm: {text: "About {{ item }}", with: {item: "{{ item }}"}}
"""


async def kitchen(folder: Path) -> Kitchen:
    kit = Kitchen(echo)
    await kit.publish(written(folder, STEPS))
    await kit.submit({"items": ["a", "b", "c"]})
    return kit


async def test_what_another_owner_has_done_meanwhile_is_known_after_the_state_was_read_again(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    first = kit.door
    kit.restart()
    await kit.serve()
    kit.door = first
    kit.door.state.edition = object()
    finished = await kit.run()
    assert finished.status == "ok"
    assert [step.item for step in kit.steps] == ["0", "1", "2"]


async def test_no_more_is_kept_than_may_be(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    memory = Memory(1)
    led = kit.door.leader_memory.get(b"default\0job-1\x000\x000")
    assert led is not None
    assert memory.keep(led) is led
    assert memory.get(led.key) is led, "the last one that moved is kept, however large"
