"""A member's side of the hand-over, round by round, without a log."""

import pytest

from headchef.runtime.assignment import Grant, Report
from headchef.runtime.handover import HandOver


class Owner:
    """Owns tasks as told, and ends drained ones only when the test says so."""

    def __init__(self) -> None:
        self.tasks: set[int] = set()
        self.draining: set[int] = set()
        self.lost: set[int] = set()
        self.rounds = 0
        self.rejoins = 0
        self.attended: list[str] = []

    def owned(self) -> set[int]:
        return self.tasks

    def start(self, task: int) -> None:
        self.tasks.add(task)

    def drain(self, task: int) -> None:
        self.draining.add(task)

    def lose(self, task: int) -> None:
        self.lost.add(task)

    def was_absent(self) -> None:
        self.attended.append("absent")

    def settled(self) -> None:
        self.rounds += 1

    def released(self) -> None:
        self.attended.append("released")

    def joining(self) -> None:
        self.attended.append("joining")

    def assigned(self) -> None:
        self.attended.append("assigned")

    def rejoin(self) -> None:
        self.rejoins += 1


def grant(*tasks: int, generation: int = 1, claimed: tuple[int, ...] = (), leaving: bool = False) -> bytes:
    return Grant(tasks, generation, claimed, leaving, 4).encode()


def joined(*tasks: int) -> tuple[Owner, HandOver]:
    owner = Owner()
    hand_over = HandOver(owner, owner.rejoin, owner)
    hand_over.assigned(grant(*tasks))
    return owner, hand_over


def test_the_question_and_the_answer_of_a_round_are_told() -> None:
    owner, hand_over = joined(0)
    hand_over.was_absent()
    hand_over.report()
    hand_over.assigned(grant(0))
    assert owner.attended == ["assigned", "absent", "joining", "assigned"]


def test_starts_what_is_granted_and_reports_it_with_its_generation() -> None:
    owner, hand_over = joined(0, 2)
    assert owner.tasks == {0, 2}
    report = Report.decode(hand_over.report())
    assert (report.tasks, report.generation, report.leaving) == ((0, 2), 1, False)
    assert Report.decode(hand_over.report()).nonce != report.nonce, "the same report twice would start no round"


def test_a_task_that_is_gone_is_drained_and_still_reported_until_it_has_ended() -> None:
    owner, hand_over = joined(0, 1)
    hand_over.assigned(grant(0, generation=2, claimed=(0, 1)))
    assert owner.draining == {1}
    assert Report.decode(hand_over.report()).tasks == (0, 1)
    assert owner.rejoins == 0
    owner.tasks.remove(1)
    hand_over.ended()
    assert owner.rejoins == 1


def test_a_task_that_another_member_owns_by_now_is_lost_and_not_drained() -> None:
    owner, hand_over = joined(0, 1, 2)
    hand_over.assigned(Grant((0,), 2, (0, 1, 2), leaving=False, partitions=4, taken=(1,)).encode())
    assert (owner.draining, owner.lost) == ({2}, {1})


def test_a_task_drained_during_a_join_is_not_orphaned() -> None:
    """The request for a rejoin came during the join, where the client loses it."""
    owner, hand_over = joined(0, 1)
    owner.tasks.remove(1)
    hand_over.assigned(grant(0, generation=2, claimed=(0, 1)))
    assert owner.rejoins == 1


def test_a_returning_member_takes_its_former_share_and_frees_what_its_former_self_was_draining() -> None:
    owner = Owner()
    hand_over = HandOver(owner, owner.rejoin, owner)
    hand_over.assigned(grant(0, 1, generation=7, claimed=(0, 1, 2)))
    assert owner.tasks == {0, 1}
    assert owner.rejoins == 1, "task 2 belongs to nobody until the leader hears that"


def test_a_member_that_left_and_came_back_asks_for_a_share() -> None:
    owner = Owner()
    hand_over = HandOver(owner, owner.rejoin, owner)
    hand_over.assigned(grant(generation=7, leaving=True))
    assert owner.rejoins == 1
    assert not hand_over.released


def test_leaving_ends_when_the_group_knows_that_nothing_is_left() -> None:
    owner, hand_over = joined(0)
    hand_over.leave()
    assert owner.draining == {0}
    hand_over.assigned(grant(generation=2, claimed=(0,), leaving=True))
    assert not hand_over.released
    owner.tasks.clear()
    hand_over.assigned(grant(generation=3, leaving=True))
    assert hand_over.released
    assert owner.tasks == set()


def alone(*tasks: int) -> tuple[Owner, HandOver]:
    owner, hand_over = joined(*tasks)
    hand_over.share_out({"only": hand_over.report()}, 4)
    hand_over.assigned(grant(*tasks, generation=2))
    return owner, hand_over


def test_who_is_alone_leaves_without_a_round_when_the_last_task_has_ended() -> None:
    owner, hand_over = alone(0, 1)
    hand_over.leave()
    assert owner.draining == {0, 1}
    for task in (0, 1):
        assert not hand_over.released
        owner.tasks.remove(task)
        hand_over.ended()
    assert hand_over.released
    assert owner.attended[-1] == "released"
    assert owner.rejoins == 0


def test_who_is_alone_without_a_task_leaves_at_once() -> None:
    owner, hand_over = alone()
    hand_over.leave()
    assert hand_over.released
    assert owner.rejoins == 0


@pytest.mark.parametrize("leads", [True, False])
def test_who_is_alone_no_more_leaves_by_rounds(leads: bool) -> None:
    owner, hand_over = alone(0)
    hand_over.leave()
    mine = hand_over.report()
    if leads:
        hand_over.share_out({"only": mine, "other": Report((), 0, False, 1).encode()}, 4)
    owner.tasks.clear()
    hand_over.ended()
    assert owner.rejoins == 1
    assert not hand_over.released
    hand_over.assigned(grant(generation=3, leaving=True))
    assert hand_over.released
    assert "released" not in owner.attended


def test_who_is_alone_asks_for_a_round_while_it_stays() -> None:
    owner, hand_over = alone(0)
    owner.tasks.clear()
    hand_over.ended()
    assert owner.rejoins == 1
    assert not hand_over.released
