"""Fresh answers label what was thought of earlier ones, and their questions are kept in groups of equal answers."""

import asyncio
from typing import Any

import pytest

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.semantic import Comparison
from headchef_contracts.events.steps import StepDispatched

from headchef.cache.policy import CachePolicy
from headchef.cache.refill import Refill
from headchef.cache.semantic.judging import LEFT_ALONE_S
from headchef.cache.withdrawn import Withdrawn
from headchef.embedding import EmbeddingFailed
from headchef.equality import Judged, Judges
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.replay_input import Replayed
from tests.cache.builders import SETTLED, make_answer
from tests.cache.semantic.bench import SCOPE, Bench, groups, make_question, make_verdict
from tests.support.eventually import PATIENCE_S

AWAY = StoreUnavailable("unavailable", "connection refused")


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_first_question_teaches_nothing_and_is_kept(bench: Bench) -> None:
    assert await bench.learn("pay how", "By card.") == []
    first = make_question("pay how").fingerprint
    assert await groups(bench) == {first: first}


async def test_beyond_the_quota_of_the_embedder_a_lesson_is_learnt_and_its_question_is_kept_next_time(
    bench: Bench,
) -> None:
    await bench.learn("pay how", "By card.")
    steps = [make_question(text, job_id=text) for text in ("pay so I", "pay can I")]
    used = [became.cache for became in await bench.ask(*steps)]
    [_, known] = await bench.embedder.embed(["pay so I", "pay can I"])
    bench.embedder.faults.append(EmbeddingFailed("quota", "no room", made={"pay can I": known}))
    verdicts = [make_verdict(step, "By card.", use) for step, use in zip(steps, used, strict=True)]
    assert [label.wrong for label in await bench.settle(*verdicts)] == [False, False]
    first, left_out, kept = (make_question(text).fingerprint for text in ("pay how", "pay so I", "pay can I"))
    assert await groups(bench) == {first: first, kept: first}
    await bench.settle(*verdicts)
    assert await groups(bench) == {first: first, kept: first, left_out: first}


async def test_an_equal_answer_is_a_label_that_is_right_and_joins_the_group(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    [label] = await bench.learn("pay can I", "by card", job_id="job-2", run=1)
    assert (label.kind, label.wrong, label.judge, label.why) == ("label", False, "auto/1", None)
    assert (label.asker.job_id, label.asker.run) == ("job-2", 1)
    assert label.source == make_question("pay how").fingerprint
    assert label.guess is not None
    assert (label.guess.choice, label.guess.share, label.guess.bound) == ("ask", 1.0, 0)
    assert set((await groups(bench)).values()) == {make_question("pay how").fingerprint}


async def test_another_answer_is_a_label_that_is_wrong_and_begins_a_group(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    [label] = await bench.learn("pay back when", "Within a week.", job_id="job-2")
    assert label.wrong is True
    assert label.why is not None
    assert len(set((await groups(bench)).values())) == 2


async def test_the_label_is_about_the_answer_that_would_have_been_reused(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    # Before its answer comes, a nearer question has been answered in another way.
    await bench.learn("pay can J", "Never.", job_id="job-3")
    [label] = await bench.settle(make_verdict(step, "By card.", asked.cache))
    assert label.wrong is False
    assert label.source == make_question("pay how").fingerprint


@pytest.mark.parametrize(
    ("mode", "share"), [("serve", 0.3), ("shadow", 1.0)], ids=["a share of those is asked", "all of them are"]
)
async def test_what_was_explored_says_how_many_stand_behind_it(bench: Bench, mode: Any, share: float) -> None:
    await bench.learn("pay how", "By card.")
    await bench.allow(0.0)
    steps = [make_question(f"pay {number}", job_id=f"job-{number}", explore=0.3, mode=mode) for number in range(30)]
    asked = [
        (step, became.cache)
        for step, became in zip(steps, await bench.ask(*steps), strict=True)
        if isinstance(became, StepDispatched)
    ]
    labels = await bench.settle(*(make_verdict(step, "By card.", used) for step, used in asked))
    assert len(labels) == len(asked) > 2
    assert {label.guess.share for label in labels if label.guess} == {share}
    assert all(label.guess.choice in ("explore", "serve") for label in labels if label.guess)


@pytest.mark.parametrize("verdict", ["rejected", "failed", "cancelled"])
async def test_no_other_verdict_teaches_anything(bench: Bench, verdict: Any) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    assert await bench.settle(make_verdict(step, used=asked.cache, verdict=verdict, answer=None)) == []
    assert len(await groups(bench)) == 1


async def test_an_answer_that_was_cut_off_teaches_nothing(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    cut = make_answer("By", finish_reason="length")
    assert await bench.settle(make_verdict(step, used=asked.cache, answer=cut)) == []
    assert len(await groups(bench)) == 1


async def test_a_hit_is_never_a_source_itself(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    await bench.allow(0.0)
    step = make_question("pay can I", job_id="job-2")
    [served] = await bench.ask(step)
    assert served.cache.kind == "semantic"
    assert await bench.settle(make_verdict(step, "By card.", served.cache)) == []
    assert len(await groups(bench)) == 1
    [again] = await bench.ask(step)
    assert again.cache.kind == "semantic"


async def test_the_fresh_answer_after_a_refused_hit_is_kept_and_no_label(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    replanned = make_question("pay can I", job_id="job-2", cache="bypass")
    [asked] = await bench.ask(replanned)
    assert await bench.settle(make_verdict(replanned, "In cash.", asked.cache)) == []
    assert len(await groups(bench)) == 2


async def test_questions_of_one_batch_find_each_other(bench: Bench) -> None:
    verdicts = [make_verdict(make_question(f"pay {number}", job_id=f"job-{number}"), "By card.") for number in range(5)]
    await bench.settle(*verdicts, make_verdict(make_question("pay other", scope="6" * 64), "By card."))
    assert set((await groups(bench)).values()) == {verdicts[0].fingerprint}
    assert len(await groups(bench)) == 5


async def test_each_scope_has_groups_of_its_own(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    other = make_question("pay how else", scope="6" * 64)
    await bench.settle(make_verdict(other, "By card."))
    assert list(await groups(bench)) == [make_question("pay how", scope=SCOPE).fingerprint]


async def test_a_verdict_that_comes_again_says_the_same_again(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    verdict = make_verdict(step, "By card.", asked.cache)
    first, again = await bench.settle(verdict), await bench.settle(verdict)
    assert [each.about for each in first] == [each.about for each in again]
    assert len(await groups(bench)) == 2


async def test_where_the_earlier_answer_is_gone_there_is_no_label(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    bench.store._answers.clear()
    assert await bench.settle(make_verdict(step, "By card.", asked.cache)) == []
    assert bench.metrics.total("headchef.cache.labels", outcome="gone") == 1
    assert list(await groups(bench)) == [step.fingerprint], "the question goes after its answer"


async def test_what_a_judge_cannot_decide_counts_as_different_and_then_nothing_counts_for_a_while(bench: Bench) -> None:
    """Equal answers need no embedder: if they alone counted while it is away, no answer would ever be wrong."""
    await bench.learn("pay how", "By card.")
    comparison = Comparison(judge="embedding", arguments={"least": 0.9})

    async def labelled(job_id: str, text: str) -> list[bool | None]:
        step = make_question(f"pay {job_id}", job_id=job_id, compare=comparison)
        [asked] = await bench.ask(step)
        return [each.wrong for each in await bench.settle(make_verdict(step, text, asked.cache))]

    assert await labelled("job-2", "With a card.") == [True]
    assert await labelled("job-3", "By card.") == await labelled("job-4", "With cards.") == []
    assert bench.metrics.total("headchef.cache.labels", outcome="undecided") == 2
    bench.clock.advance(LEFT_ALONE_S)
    assert await labelled("job-5", "In gold.") == [True]


async def test_a_judge_that_never_ends_holds_nothing_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(*_: Any) -> Judged:
        await asyncio.Event().wait()
        raise AssertionError

    await bench.learn("pay how", "By card.")
    monkeypatch.setattr(Judges, "compare", for_ever)
    async with asyncio.timeout(PATIENCE_S):
        [label] = await bench.learn("pay can I", "By cards.", job_id="job-2")
        assert (label.wrong, label.why) == (True, "to compare them takes more than 0.5 s")
        assert await bench.learn("pay can J", "By cards.", job_id="job-3") == []
    assert bench.metrics.total("headchef.cache.labels", outcome="undecided") == 1
    assert len(await groups(bench)) == 3


async def test_while_the_store_of_questions_is_away_labels_are_told_all_the_same(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    bench.points.faults.append(AWAY)
    [label] = await bench.settle(make_verdict(step, "By card.", asked.cache))
    assert label.wrong is False
    bench.clock.advance(2)
    assert len(await groups(bench)) == 1


async def test_what_could_not_be_had_when_it_was_to_serve_is_no_label(bench: Bench) -> None:
    await bench.learn("pay how", "By card.")
    await bench.allow(0.0)
    answers = dict(bench.store._answers)
    bench.store._answers.clear()
    step = make_question("pay can I", job_id="job-2")
    [asked] = await bench.ask(step)
    assert isinstance(asked, StepDispatched)
    bench.store._answers.update(answers)
    assert await bench.settle(make_verdict(step, "By card.", asked.cache)) == []


async def test_questions_that_may_not_be_compared_are_not_embedded(bench: Bench) -> None:
    plain = make_question("pay how").model_copy(update={"semantic": None})
    await bench.ask(plain)
    await bench.settle(make_verdict(plain, used=CacheUse(kind="miss"), asker=None))
    assert bench.embedder.calls == []


async def test_a_store_that_is_filled_again_gets_the_questions_too_and_nothing_is_learnt_twice(bench: Bench) -> None:
    verdicts = [make_verdict(make_question(f"pay {number}", job_id=f"job-{number}")) for number in range(3)]
    verdicts.append(make_verdict(make_question("pay late", job_id="job-9"), "With a fee."))
    about = (CachePolicy(), bench.invalidations.taking_back, Withdrawn(), bench.clock, bench.metrics, bench.meaning)
    refill = Refill(bench.answers, *about)
    await bench.answers.open()
    assert await refill.take([Replayed(each, SETTLED) for each in verdicts])
    found = await groups(bench)
    assert found == {
        **{each.fingerprint: verdicts[0].fingerprint for each in verdicts[:3]},
        verdicts[3].fingerprint: verdicts[3].fingerprint,
    }
    assert bench.metrics.total("headchef.cache.labels") == 0
    await bench.allow(0.0)
    [served] = await bench.ask(make_question("pay how"))
    assert served.cache.kind == "semantic"


async def test_between_two_comparisons_others_get_their_turn(bench: Bench) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    await bench.learn("pay how", "By card.")
    at_work = asyncio.ensure_future(others())
    await bench.settle(*(make_verdict(make_question(f"pay {number}"), f"Of {number}.") for number in range(20)))
    at_work.cancel()
    compared = bench.metrics.total("headchef.cache.questions")
    assert turns >= compared == 21
