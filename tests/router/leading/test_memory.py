"""What a router remembers of jobs beside the state: it holds for one reading of the state, and for so many units."""

from copy import copy
from pathlib import Path

from headchef.router.leading.led import Led
from headchef.router.leading.memory import BYTES_A_UNIT, Memory
from tests.bodies.builders import LARGE, Pantry
from tests.router.leading.kitchen import Kitchen, echo, written

STEPS = """
  - id: last
    for_each: {in: "{{ input.items }}", as: item, concurrency: 1}
    llm: {text: "About {{ item }}", with: {item: "{{ item }}"}}
"""
KEY = b"default\0job-1\x000\x000"


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
    led = kit.door.leader_memory.get(KEY)
    assert led is not None
    assert memory.keep(led) is led
    assert memory.get(led.key) is led, "the last one that moved is kept, however large"


async def test_few_large_outputs_take_the_place_of_many_small_ones(tmp_path: Path) -> None:
    kit, memory = await kitchen(tmp_path), Memory(20)
    small = kit.door.leader_memory.get(KEY)
    assert small is not None
    large = copy(small)
    large.key, large.size_bytes = b"large", 16 * BYTES_A_UNIT
    memory.keep(small)
    memory.keep(large)
    assert memory.get(small.key) is small
    large.size_bytes += 4 * BYTES_A_UNIT
    memory.keep(large)
    assert (memory.get(small.key), memory.get(large.key)) == (None, large)


async def jobs(folder: Path, *keys: bytes) -> list[Led]:
    """Give copies of a job, 5 units large each."""
    led = (await kitchen(folder)).door.leader_memory.get(KEY)
    assert led is not None
    copies = [copy(led) for _ in keys]
    for each, key in zip(copies, keys, strict=True):
        each.key, each.size_bytes = key, 3 * BYTES_A_UNIT
    return copies


def gone(memory: Memory, led: Led) -> bool:
    """Let something come of a job, and say whether it had to be made anew for that."""
    known = memory.get(led.key)
    if known is None:
        memory.keep(led)
    memory.keep(led)
    return known is None


async def test_jobs_that_take_turns_do_not_all_push_each_other_out(tmp_path: Path) -> None:
    turns, memory = await jobs(tmp_path, b"a", b"b", b"c", b"d"), Memory(15)
    made_anew = sum(gone(memory, led) for _ in range(100) for led in turns)
    assert 100 <= made_anew < 250, "there is room for three of the four, and no policy can do better than one in four"


async def test_jobs_that_nobody_asks_for_do_not_stay_for_ever(tmp_path: Path) -> None:
    old, memory = await jobs(tmp_path, b"a", b"b"), Memory(10)
    for led in old * 2:
        gone(memory, led)
    for led in await jobs(tmp_path, *(b"%d" % number for number in range(40))):
        gone(memory, led)
    assert [memory.get(led.key) for led in old] == [None, None]


async def test_the_job_at_hand_stays_as_long_as_it_is(tmp_path: Path) -> None:
    (old, at_hand), memory = await jobs(tmp_path, b"old", b"at hand"), Memory(5)
    gone(memory, old)
    assert [gone(memory, at_hand) for _ in range(3)] == [True, False, False]


async def test_a_job_made_anew_is_as_large_as_it_was(tmp_path: Path) -> None:
    sizes = []
    for restarts in (False, True):
        kit = await kitchen(tmp_path)
        await kit.serve()
        if restarts:
            kit.restart()
        await kit.serve()
        led = kit.door.leader_memory.get(KEY)
        assert led is not None
        sizes.append(led.size_bytes)
    assert sizes[0] == sizes[1] > 0


async def test_a_large_input_counts_wherever_it_lies(tmp_path: Path) -> None:
    for bodies in (None, Pantry().bodies):
        kit = Kitchen(echo, bodies=bodies)
        await kit.publish(written(tmp_path, STEPS))
        await kit.submit({"items": ["a", "b"], "more": 100 * LARGE})
        begun = kit.door.leader_memory.get(KEY)
        kit.restart()
        await kit.serve()
        made_anew = kit.door.leader_memory.get(KEY)
        assert begun is not None
        assert made_anew is not None
        assert made_anew.size_bytes > begun.size_bytes > 100 * len(LARGE)
