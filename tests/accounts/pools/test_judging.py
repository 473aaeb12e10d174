"""A pool has models asked about its answers, each pair once and few at a time, and learns from what they say."""

from decimal import Decimal

import pytest

from headchef_contracts.events.bounds import Counts, Judgement
from headchef_contracts.events.semantic import Asker

from headchef.accounts.pools.judging import HEARD_WITHIN, PAID_WITHIN
from headchef.accounts.pools.keeper import FORGOTTEN
from headchef.accounts.pools.records import MOST_AT_ONCE
from headchef.bound import read_pool
from headchef.bound.limits import limits_of
from tests.accounts.pools.builders import STORES, Owner, make_asked, make_ended, make_observed
from tests.support.builders import NOON


@pytest.fixture
def owner() -> Owner:
    return Owner()


async def test_a_model_is_asked_as_the_cache_says_for_the_tenant_and_in_time(owner: Owner) -> None:
    asked = make_asked()
    await owner.tell(asked)
    [planned] = owner.planned
    assert (planned.account, planned.tenant, planned.question) == (asked.account, "acme", asked.question)
    assert planned.deadline == NOON + PAID_WITHIN
    assert owner.pool(make_observed()).judging == (planned.job_id,)
    assert owner.pool(make_observed()).counts == Counts()


@pytest.mark.parametrize("same", [True, False])
async def test_what_it_says_is_a_label_that_comes_back_and_counts_once(owner: Owner, *, same: bool) -> None:
    await owner.tell(make_asked())
    ended = make_ended(owner.planned[0], same=same, why="one says Monday")
    await owner.tell(ended)
    [label] = owner.labels
    assert label.model_dump(exclude={"decided"}) == make_observed(
        wrong=not same,
        judge="model/1 by small",
        why=None if same else "one says Monday",
        judgement=Judgement(job_id=ended.job_id, cost_usd=Decimal("0.002")),
    ).model_dump(exclude={"decided"})
    for _ in range(2):
        await owner.tell(label)
    pool = owner.pool(label)
    assert (pool.counts, pool.judging) == (Counts(labels=1, wrong=0 if same else 1), ())
    assert not [timer for timer in owner.timers if timer.startswith("judgements")]
    again = await owner.tell(ended)
    assert again.counted == ("headchef.pools.repeated",)
    assert len(owner.labels) == 1


async def test_nobody_is_asked_twice_about_one_pair_also_when_it_is_judged(owner: Owner) -> None:
    await owner.tell(make_asked())
    assert (await owner.tell(make_asked())).counted == ("headchef.pools.repeated",)
    await owner.tell(make_ended(owner.planned[0]))
    assert (await owner.tell(make_asked())).counted == ("headchef.pools.repeated",)
    assert len(owner.planned) == 1
    await owner.tell(make_asked("job-2"))
    await owner.tell(make_asked(source="when"))
    assert len({planned.job_id for planned in owner.planned}) == 3


async def test_without_a_verdict_the_answers_count_as_different(owner: Owner) -> None:
    """Equal ones need no verdict: whoever passed over what has none would learn of equal ones alone."""
    await owner.tell(make_asked())
    await owner.tell(make_ended(owner.planned[0], same=None, why="budget_exceeded: spent", model=None))
    [label] = owner.labels
    assert (label.wrong, label.judge) == (True, "model/1")
    assert label.why == "nobody has judged: budget_exceeded: spent"
    await owner.tell(label)
    pool = owner.pool(make_observed())
    assert (pool.counts, pool.judging) == (Counts(undecided=1, labels=1, wrong=1), ())


async def test_what_is_being_judged_counts_as_wrong_until_it_is(owner: Owner) -> None:
    def limits() -> list[float]:
        learnt = owner.pool(make_observed()).learnt
        assert learnt is not None
        return limits_of(read_pool(learnt.encode()).tallies)

    for number in range(200):
        await owner.tell(make_observed(asker=Asker(job_id=f"job-{number}")))
    sure = limits()
    await owner.tell(make_asked("asked"))
    assert max(limits()) > max(sure)
    await owner.tell(make_ended(owner.planned[0], same=True))
    assert max(limits()) > max(sure), "the label is told, and not counted yet"
    await owner.tell(owner.labels[0])
    assert max(limits()) < max(sure)


async def test_where_no_more_may_be_asked_equal_answers_do_not_count_either(owner: Owner) -> None:
    for number in range(MOST_AT_ONCE):
        await owner.tell(make_asked(f"job-{number}"))
    equal = make_observed(judge="model/1", may_ask=True, asker=Asker(job_id="equal"))
    assert (await owner.tell(equal)).counted == ("headchef.pools.unasked",)
    assert owner.pool(equal).counts == Counts(undecided=1)
    await owner.tell(make_observed(judge="fields/1", asker=Asker(job_id="other")))
    await owner.tell(make_ended(owner.planned[0], same=True))
    await owner.tell(owner.labels[0])
    await owner.tell(equal.model_copy(update={"asker": Asker(job_id="later")}))
    assert owner.pool(equal).counts == Counts(undecided=1, labels=3)


async def test_few_are_asked_at_a_time_and_the_others_never(owner: Owner) -> None:
    for number in range(MOST_AT_ONCE):
        await owner.tell(make_asked(f"job-{number}"))
    outcome = await owner.tell(make_asked("one-more"))
    assert outcome.counted == ("headchef.pools.unasked",)
    assert len(owner.planned) == MOST_AT_ONCE
    assert owner.pool(make_observed()).counts == Counts(undecided=1)
    await owner.tell(make_asked(tenant="other"))
    assert len(owner.planned) == MOST_AT_ONCE + 1, "another pool has places of its own"
    await owner.tell(make_ended(owner.planned[0]))
    await owner.tell(make_asked("late"))
    assert owner.planned[-1].tenant == "acme"


async def test_one_of_which_nothing_is_heard_gives_its_place_back(owner: Owner) -> None:
    await owner.tell(make_asked())
    [lost] = [timer for name, timer in owner.timers.items() if name.startswith("judgements")]
    assert lost.due == NOON + HEARD_WITHIN
    await owner.fire(lost)
    [label] = owner.labels
    await owner.tell(label)
    pool = owner.pool(make_observed())
    assert (pool.counts, pool.judging) == (Counts(undecided=1, labels=1, wrong=1), ())
    await owner.tell(make_ended(owner.planned[0]))
    assert len(owner.labels) == 1, "it is late, and was counted as lost"
    assert not [key for store, key in owner.state.values if store == "judging"]


@pytest.mark.parametrize("written", [STORES[:1], STORES[:3]])
async def test_at_least_once_a_question_that_was_half_written_is_asked_again_by_the_same_name(
    owner: Owner, written: tuple[str, ...]
) -> None:
    await owner.tell(make_asked(), written)
    await owner.tell(make_asked())
    first, second = owner.planned
    assert first.job_id == second.job_id
    assert len(owner.pool(make_observed()).judging) == 1


async def test_at_least_once_a_judgement_that_was_half_written_is_no_second_label(owner: Owner) -> None:
    await owner.tell(make_asked())
    ended = make_ended(owner.planned[0])
    await owner.tell(ended, STORES[:3])
    await owner.tell(ended)
    assert len(owner.labels) == 1
    assert owner.pool(make_observed()).judging == ()


async def test_a_pool_of_which_only_judgements_were_asked_is_forgotten_in_time(owner: Owner) -> None:
    await owner.tell(make_asked())
    await owner.tell(make_ended(owner.planned[0], same=None))
    [timer] = owner.timers.values()
    assert timer.due == NOON + FORGOTTEN
    await owner.fire(timer)
    assert not [key for store, key in owner.state.values if store == "pools"]
