"""A task's stores: what was changed is there, also after a restore, and what has left its window is not."""

from headchef.runtime.log.port import Record
from headchef.runtime.processor import Change, Store
from headchef.runtime.state import TaskState

STORES = (Store("heads"), Store("seen", window_s=10))
CHANGELOGS = {"heads": "c.heads", "seen": "c.seen"}


def state() -> TaskState:
    return TaskState(STORES, 3, CHANGELOGS)


def test_changes_are_visible_and_become_changelog_records_of_the_task() -> None:
    changes = [Change("heads", b"a", b"1"), Change("heads", b"b", b"2"), Change("heads", b"a", None)]
    mine = state()
    mine.apply(changes, 5_000)
    assert (mine.get("heads", b"a"), mine.get("heads", b"b")) == (None, b"2")
    records = mine.records(changes, 5_000)
    assert [(record.topic, record.partition, record.key, record.value) for record in records] == [
        ("c.heads", 3, b"a", b"1"),
        ("c.heads", 3, b"b", b"2"),
        ("c.heads", 3, b"a", None),
    ]
    assert {record.timestamp_ms for record in records} == {5_000}


def test_a_window_forgets_by_time_and_keeps_what_was_renewed() -> None:
    mine = state()
    mine.apply([Change("seen", b"old", b"1"), Change("seen", b"renewed", b"1")], 0)
    mine.apply([Change("seen", b"renewed", b"2")], 8_000)
    mine.apply([], 10_001)
    assert mine.get("seen", b"old") is None
    assert mine.get("seen", b"renewed") == b"2"
    mine.apply([], 18_001)
    assert not any(mine.counts().values())


def test_a_restore_gives_the_same_state_and_what_left_the_window_stays_forgotten() -> None:
    mine = state()
    for at_ms, key in enumerate((b"a", b"b", b"a")):
        mine.apply([Change("seen", key, str(at_ms).encode())], at_ms * 1000)
    mine.restore("seen", [])
    again = state()
    log = [Record("c.seen", 3, at, at * 1000, key, str(at).encode(), ()) for at, key in enumerate((b"a", b"b", b"a"))]
    again.restore("seen", log)
    assert [again.get("seen", key) for key in (b"a", b"b")] == [mine.get("seen", key) for key in (b"a", b"b")]
    again.expire(11_500)
    assert (again.get("seen", b"a"), again.get("seen", b"b")) == (b"2", None)
