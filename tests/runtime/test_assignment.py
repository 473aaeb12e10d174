"""Tasks are handed out whole, evenly and stickily, and never before their owner has given them back."""

from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.assignment import Grant, Report, share_out


def report(*tasks: int, generation: int = 1, leaving: bool = False) -> Report:
    return Report(tasks, generation, leaving, nonce=0)


def tasks_of(grants: dict[str, Grant]) -> dict[str, tuple[int, ...]]:
    return {member: grant.tasks for member, grant in grants.items()}


def test_a_first_member_gets_all() -> None:
    assert tasks_of(share_out({"a": report(generation=0)}, 4)) == {"a": (0, 1, 2, 3)}


def test_a_joining_member_waits_for_what_is_still_owned() -> None:
    first = share_out({"a": report(0, 1, 2, 3), "b": report()}, 4)
    assert tasks_of(first) == {"a": (0, 1), "b": ()}
    second = share_out({"a": report(0, 1, generation=2), "b": report(generation=2)}, 4)
    assert tasks_of(second) == {"a": (0, 1), "b": (2, 3)}


def test_a_leaving_member_gets_nothing_and_keeps_what_it_drains_from_others() -> None:
    reports = {"a": report(0, 1, leaving=True), "b": report(2, 3)}
    assert tasks_of(share_out(reports, 4)) == {"a": (), "b": (2, 3)}
    reports = {"a": report(leaving=True), "b": report(2, 3)}
    assert tasks_of(share_out(reports, 4)) == {"a": (), "b": (0, 1, 2, 3)}


def test_the_higher_generation_wins_a_contested_task() -> None:
    reports = {"thawed": report(0, 1, generation=3), "owner": report(0, 1, generation=5)}
    assert tasks_of(share_out(reports, 2)) == {"owner": (0,), "thawed": ()}


def test_who_has_the_odd_task_keeps_it() -> None:
    reports = {"a": report(0), "b": report(1, 2)}
    assert tasks_of(share_out(reports, 3)) == {"a": (0,), "b": (1, 2)}


def test_what_cannot_be_read_claims_nothing() -> None:
    assert Report.decode(b"") == Report.decode(b"[2, [1], 1, false, 1]") == Report((), 0, True, 0)
    kept = report(1, 2, generation=4)
    assert Report.decode(kept.encode()) == kept


members = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.sets(st.integers(0, 11)), st.integers(0, 5), st.booleans()),
    min_size=1,
)


@given(members=members, partitions=st.integers(1, 12))
def test_every_round_is_safe_and_even(members: dict[str, tuple[set[int], int, bool]], partitions: int) -> None:
    reports = {
        name: Report(tuple(sorted(tasks)), generation, leaving, 0)
        for name, (tasks, generation, leaving) in members.items()
    }
    grants = share_out(reports, partitions)
    granted = [task for grant in grants.values() for task in grant.tasks]
    assert len(granted) == len(set(granted))
    staying = [name for name, each in reports.items() if not each.leaving]
    for name, grant in grants.items():
        assert not (reports[name].leaving and grant.tasks)
        others = {task for other, each in reports.items() if other != name for task in each.tasks}
        assert all(task < partitions for task in grant.tasks)
        fresh = set(grant.tasks) - set(reports[name].tasks)
        assert not fresh & others, "a claimed task went to somebody else"
        if staying:
            assert len(grant.tasks) <= -(-partitions // len(staying))


@given(members=members, partitions=st.integers(1, 12))
def test_rounds_come_to_rest_with_all_tasks_evenly_owned(
    members: dict[str, tuple[set[int], int, bool]], partitions: int
) -> None:
    reports = {
        name: Report(tuple(sorted(tasks)), generation, leaving, 0)
        for name, (tasks, generation, leaving) in members.items()
    }
    for _ in range(3):
        grants = share_out(reports, partitions)
        reports = {
            name: Report(grant.tasks, grant.generation, reports[name].leaving, 0) for name, grant in grants.items()
        }
    staying = [each for each in reports.values() if not each.leaving]
    if staying:
        counts = [len(each.tasks) for each in staying]
        assert sum(counts) == partitions
        assert max(counts) - min(counts) <= 1
        assert share_out(reports, partitions) == {
            name: Grant(each.tasks, each.generation + 1, each.tasks, each.leaving, partitions)
            for name, each in reports.items()
        }
