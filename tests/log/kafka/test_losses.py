"""What counts as another process with the same id: places lost soon, often, for long, and by no coordinator's fault."""

from headchef.runtime.log.kafka.losses import Losses
from tests.support.manual_clock import ManualClock

SESSION_S = 6.0


def lost_after(losses: Losses, clock: ManualClock, *pauses_s: float) -> list[bool]:
    """Enter, and lose the place after each pause; give what is made of each loss."""
    found = []
    for pause_s in pauses_s:
        losses.entering()
        clock.advance(pause_s)
        found.append(losses.lost())
    return found


def test_a_place_that_is_lost_again_and_again_is_anothers() -> None:
    clock = ManualClock()
    assert lost_after(Losses(clock, SESSION_S), clock, 4, 4, 4, 4) == [False, False, False, True]


def test_two_losses_are_no_sign() -> None:
    clock = ManualClock()
    assert lost_after(Losses(clock, SESSION_S), clock, 5.9, 5.9) == [False, False]


def test_a_place_that_was_kept_for_two_sessions_is_no_sign() -> None:
    clock = ManualClock()
    assert lost_after(Losses(clock, SESSION_S), clock, 4, 4, 12, 4, 4, 4, 4) == [False] * 6 + [True]


def test_losses_in_quick_succession_must_go_on_for_two_sessions() -> None:
    clock = ManualClock()
    assert lost_after(Losses(clock, SESSION_S), clock, *[1] * 13) == [False] * 12 + [True]


def test_what_a_failing_coordinator_takes_away_is_no_other_process() -> None:
    clock = ManualClock()
    losses = Losses(clock, SESSION_S)
    for _ in range(5):
        assert lost_after(losses, clock, 4, 4, 4) == [False] * 3
        losses.coordinator_failed()
    assert lost_after(losses, clock, 4, 4, 4, 4) == [False] * 3 + [True]
