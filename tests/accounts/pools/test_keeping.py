"""A pool's owner counts each observation once, and says when answers may be reused, and when no longer."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.bounds import BoundSet, Counts

from headchef.accounts.pools.keeper import FORGOTTEN, NEWS_OF_COUNTS
from headchef.bound import STATISTIC, Band, Bound
from tests.accounts.pools.builders import AGREED, Owner, make_observed
from tests.support.builders import NOON, make_decided


@pytest.fixture
def owner() -> Owner:
    return Owner()


def limit_of(said: BoundSet) -> float:
    """Give the share that may be wrong where the neighbours agree, as a bound says."""
    bound = Bound(said.number, said.weights, tuple(Band(each.up_to, each.at_most) for each in said.bands))
    return bound.limit(bound.wrong(AGREED))


async def learn(owner: Owner, labels: int, first: int = 0, **fields: Any) -> None:
    for number in range(first, first + labels):
        await owner.tell(make_observed(job_id=f"job-{number}", **fields))


async def test_before_enough_labels_nothing_is_said(owner: Owner) -> None:
    await learn(owner, 20)
    assert owner.said == []
    assert owner.pool(make_observed()).counts == Counts(labels=20)


async def test_labels_open_the_bound(owner: Owner) -> None:
    await learn(owner, 400)
    newest = owner.said[-1]
    assert (newest.tenant, newest.pool, newest.embedder) == ("acme", "help", "hashed-1/512")
    assert newest.statistic == STATISTIC
    assert newest.number == len(owner.said)
    assert limit_of(newest) < 0.05
    assert newest.counts.labels > 300


async def test_when_what_is_served_grows_worse_it_closes_soon(owner: Owner) -> None:
    await learn(owner, 400)
    assert limit_of(owner.said[-1]) < 0.05
    newest = owner.said[-1].weights
    guess = Bound(0, newest, ()).wrong(AGREED)
    for number in range(12):
        about = {"choice": "explore", "wrong": guess, "share": 0.05}
        await owner.tell(make_observed(job_id=f"late-{number}", wrong=True, why="others", guess=about))
    assert limit_of(owner.said[-1]) == 1.0


async def test_an_observation_that_comes_again_is_not_counted_again(owner: Owner) -> None:
    event = make_observed()
    await owner.tell(event)
    repeated = await owner.tell(event)
    assert repeated.counted == ("headchef.pools.repeated",)
    assert repeated.changes == ()
    assert owner.pool(event).counts.labels == 1


@pytest.mark.parametrize("other", [{"job_id": "job-2"}, {"source": "when"}, {"run": 1}, {"item": "7"}])
async def test_another_question_or_another_answer_is_another_observation(owner: Owner, other: dict[str, Any]) -> None:
    await owner.tell(make_observed())
    await owner.tell(make_observed(**other))
    assert owner.pool(make_observed()).counts.labels == 2


@pytest.mark.parametrize("other", [{"tenant": "other"}, {"pool": "shop"}])
async def test_each_pool_has_an_account_of_its_own(owner: Owner, other: dict[str, Any]) -> None:
    await learn(owner, 400)
    await owner.tell(make_observed(**other))
    assert owner.pool(make_observed(**other)).counts.labels == 1
    assert owner.pool(make_observed()).counts.labels == 400


@pytest.mark.parametrize("written", [("observed",), ("observed", "served")])
async def test_after_a_crash_between_the_stores_it_is_counted_all_the_same(
    owner: Owner, written: tuple[str, ...]
) -> None:
    for event in (make_observed("served"), make_observed("corrected", "where", guess=None)):
        await owner.tell(event, written)
        await owner.tell(event)
        await owner.tell(event)
    assert owner.pool(make_observed()).counts == Counts(served=1, corrected=1)


async def test_what_shadow_mode_would_have_served_is_counted(owner: Owner) -> None:
    await owner.tell(make_observed(job_id="a", mode="shadow", guess={"choice": "serve"}))
    await owner.tell(make_observed(job_id="b", mode="shadow", guess={"choice": "serve"}, wrong=True))
    await owner.tell(make_observed(job_id="c", mode="shadow", wrong=True))
    assert owner.pool(make_observed()).counts == Counts(labels=3, wrong=2, allowed=2, allowed_wrong=1)


async def test_a_refused_hit_counts_against_the_bound(owner: Owner) -> None:
    await learn(owner, 400)
    opened = limit_of(owner.said[-1])
    for number in range(5):
        served = make_observed("served", f"late-{number}", guess={"choice": "serve"})
        await owner.tell(served)
        await owner.tell(make_observed("refused", f"late-{number}", guess={"choice": "serve"}, why="numbers: 14"))
    assert limit_of(owner.said[-1]) > opened
    counts = owner.said[-1].counts
    assert (counts.served, counts.refused, counts.corrected) == (5, 5, 0)


async def test_a_corrected_answer_counts_for_all_whom_it_has_served_once(owner: Owner) -> None:
    for number in range(3):
        await owner.tell(make_observed("served", f"hit-{number}", guess={"choice": "serve"}))
    await owner.tell(make_observed("served", "another", source="when", guess={"choice": "serve"}))
    # One of them was refused: that is counted already.
    await owner.tell(make_observed("refused", "hit-0", guess={"choice": "serve"}, why="numbers: 14"))
    await owner.tell(make_observed("corrected", "where", guess=None, why="moved"))
    await owner.tell(make_observed("corrected", "where-again", guess=None, why="it has moved"))
    assert owner.pool(make_observed()).counts == Counts(served=4, refused=1, corrected=2)


async def test_a_hit_that_was_on_its_way_when_its_source_was_corrected_is_wrong_too(owner: Owner) -> None:
    await owner.tell(make_observed("corrected", "where", guess=None, why="moved"))
    await owner.tell(make_observed("served", "late", guess={"choice": "serve"}))
    assert owner.pool(make_observed()).counts == Counts(served=1, corrected=1)


async def test_another_answer_to_a_question_whose_first_one_was_corrected_is_not_wrong_for_that(owner: Owner) -> None:
    await owner.tell(make_observed("served", "early", guess={"choice": "serve"}))
    await owner.tell(make_observed("corrected", "where", guess=None, why="moved"))
    later = make_decided().model_copy(update={"at": NOON + timedelta(minutes=10)})
    await owner.tell(make_observed("served", "again", guess={"choice": "serve"}, decided=later))
    assert owner.pool(make_observed()).counts == Counts(served=2, corrected=1)
    last = later.model_copy(update={"at": NOON + timedelta(minutes=20)})
    await owner.tell(make_observed("corrected", "where-now", guess=None, why="closed", decided=last))
    await owner.tell(make_observed("served", "on-its-way", guess={"choice": "serve"}, decided=last))
    assert owner.pool(make_observed()).counts == Counts(served=3, corrected=3)


async def test_one_hit_that_a_person_has_corrected_is_wrong_alone(owner: Owner) -> None:
    for number in range(3):
        await owner.tell(make_observed("served", f"hit-{number}", guess={"choice": "serve"}))
    await owner.tell(make_observed("corrected", "hit-1", guess={"choice": "serve"}, why="another question"))
    assert owner.pool(make_observed()).counts == Counts(served=3, corrected=1)


async def test_counts_are_told_anew_now_and_then(owner: Owner) -> None:
    await learn(owner, 400)
    before = len(owner.said)
    owner.clock.advance(NEWS_OF_COUNTS.total_seconds())
    await owner.tell(make_observed("served", "hit", guess={"choice": "serve"}))
    await owner.tell(make_observed("served", "next", guess={"choice": "serve"}))
    assert [each.counts.served for each in owner.said[before:]] == [1]
    assert owner.said[-1].number == before + 1
    assert owner.said[-1].bands == owner.said[-2].bands


async def test_a_pool_of_which_nothing_is_heard_is_forgotten_and_closed(owner: Owner) -> None:
    await learn(owner, 400)
    owner.clock.advance(timedelta(days=30).total_seconds())
    await owner.tell(make_observed(job_id="later"))
    [timer] = owner.timers.values()
    await owner.fire(timer)
    [timer] = owner.timers.values()
    assert owner.pool(make_observed()).counts.labels == 401
    await owner.fire(timer)
    assert owner.said[-1].bands == ()
    assert not [key for key in owner.state.values if key[0] == "pools"]
    assert timer.due - FORGOTTEN == owner.clock.now() - FORGOTTEN


async def test_state_of_another_statistic_is_learnt_anew_and_nothing_is_reused_meanwhile(owner: Owner) -> None:
    await learn(owner, 400)
    [key] = [key for key in owner.state.values if key[0] == "pools"]
    owner.state.values[key] = owner.state.values[key].replace(STATISTIC.encode(), b"other-9")
    await owner.tell(make_observed(job_id="next"))
    assert limit_of(owner.said[-1]) == 1.0
    assert owner.pool(make_observed()).counts.labels == 401


async def test_labels_whose_features_mean_nothing_here_are_counted_and_not_learnt(owner: Owner) -> None:
    await owner.tell(make_observed(guess={"features": (0.5,)}))
    assert owner.pool(make_observed()).counts.labels == 1


async def test_the_state_of_a_pool_does_not_grow(owner: Owner) -> None:
    await learn(owner, 50)
    [key] = [key for key in owner.state.values if key[0] == "pools"]
    early = len(owner.state.values[key])
    await learn(owner, 500, first=50)
    assert len(owner.state.values[key]) < early + 300
