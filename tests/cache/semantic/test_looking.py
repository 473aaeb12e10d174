"""An earlier answer serves another wording if scope, tenant, bound and mode allow it; else the model is asked."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts.events.bounds import Band
from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Marks
from headchef_contracts.events.steps import StepCompleted, StepDispatched

from headchef.cache.selection import Selection
from headchef.cache.semantic.near import MOST_CHARACTERS
from headchef.embedding import EmbeddingFailed, Vector
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.errors import InvalidEvent
from tests.cache.builders import make_answer
from tests.cache.corrected import make_corrected
from tests.cache.semantic.bench import SCOPE, Bench, make_question, make_verdict
from tests.support.eventually import PATIENCE_S
from tests.support.manual_clock import START

AWAY = StoreUnavailable("unavailable", "connection refused")


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    await bench.learn("pay how", "By card.", "job-1")
    return bench


async def test_before_the_first_bound_the_model_is_asked(bench: Bench) -> None:
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)
    assert asked.cache.kind == "miss"
    assert asked.cache.nearest is not None
    assert (asked.cache.nearest.choice, asked.cache.nearest.bound) == ("ask", 0)
    assert bench.observed == []


async def test_within_the_bound_the_nearest_answer_serves(bench: Bench) -> None:
    await bench.allow(0.02)
    bench.clock.advance(90)
    [served] = await bench.ask(make_question("pay can I"))
    assert isinstance(served, StepCompleted)
    assert served.answer is not None
    assert served.answer.output.model_dump() == {"inline": "By card."}
    use = served.cache
    assert (use.kind, use.source_job_id, use.age_s) == ("semantic", "job-1", 90)
    assert use.nearest is not None
    assert (use.nearest.fingerprint, use.nearest.source_job_id) == (make_question("pay how").fingerprint, "job-1")
    assert (use.nearest.bound, use.nearest.wrong, use.nearest.pool) == (3, 0.5, "help")
    assert use.nearest.score > 0.99
    assert (str(served.cost_usd), served.attempts) == ("0", 0)
    assert served.decided.policy_version == "semantic-1"
    assert [cause.topic for cause in served.decided.causes] == ["steps.planned", "cache.settled"]


async def test_a_hit_is_told_to_the_owner_of_the_pool(bench: Bench) -> None:
    await bench.allow(0.02)
    await bench.ask(make_question("pay can I", job_id="job-7", run=2))
    [told] = bench.observed
    assert (told.kind, told.account, told.pool) == ("served", "default/help/first-word%2F8", "help")
    assert (told.asker.job_id, told.asker.run) == ("job-7", 2)
    assert told.source == make_question("pay how").fingerprint
    assert told.guess is not None
    assert told.guess.choice == "serve"


async def test_beyond_the_bound_the_model_is_asked(bench: Bench) -> None:
    await bench.allow(0.021)
    [asked] = await bench.ask(make_question("pay can I", max_wrong=0.02))
    assert isinstance(asked, StepDispatched)
    [served] = await bench.ask(make_question("pay can I", max_wrong=0.03))
    assert isinstance(served, StepCompleted)


async def test_in_shadow_mode_nothing_is_reused_and_it_is_told_what_would_have_been(bench: Bench) -> None:
    await bench.allow(0.0)
    [asked] = await bench.ask(make_question("pay can I", mode="shadow"))
    assert isinstance(asked, StepDispatched)
    assert asked.cache.kind == "miss"
    assert asked.cache.nearest is not None
    assert asked.cache.nearest.choice == "serve"
    assert bench.observed == []
    assert bench.metrics.total("headchef.cache.guesses", choice="serve", mode="shadow") == 1


@pytest.mark.parametrize(
    "other", [{"scope": "6" * 64}, {"tenant": "other"}, {"pool": "shop"}, {"cache": "bypass"}], ids=str
)
async def test_nothing_serves_another_scope_tenant_or_pool_nor_who_wants_no_earlier_answer(
    bench: Bench, other: dict[str, Any]
) -> None:
    await bench.allow(0.0)
    [asked] = await bench.ask(make_question("pay can I", **other))
    assert isinstance(asked, StepDispatched)


async def test_the_very_question_is_served_exactly(bench: Bench) -> None:
    await bench.allow(0.0)
    [served] = await bench.ask(make_question("pay how"))
    assert served.cache.kind == "exact"
    assert served.cache.nearest is None
    assert bench.observed == []


async def test_a_share_is_explored_by_the_identity_of_the_job(bench: Bench) -> None:
    await bench.allow(0.0)
    steps = [make_question("pay can I", job_id=f"job-{number}", explore=0.25) for number in range(200)]
    became = await bench.ask(*steps)
    explored = [each for each in became if isinstance(each, StepDispatched)]
    assert 30 <= len(explored) <= 70
    assert {each.cache.nearest.choice for each in explored if each.cache.nearest} == {"explore"}
    seeds = [each.decided.seed for each in became]
    assert len(set(seeds)) == 200
    assert max(seeds) < 2**53
    again = await bench.ask(*steps)
    assert [each.decided.seed for each in again] == seeds
    assert [type(each) for each in again] == [type(each) for each in became]


async def test_what_has_expired_serves_nobody() -> None:
    bench = Bench(ttl_s=60)
    await bench.learn("pay how", "By card.")
    await bench.allow(0.0)
    bench.clock.advance(60)
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)
    assert asked.cache.nearest is None


async def test_where_nothing_was_asked_before_there_is_nothing_to_say(bench: Bench) -> None:
    await bench.allow(0.0)
    [asked] = await bench.ask(make_question("pay how else", scope="7" * 64))
    assert (asked.cache.kind, asked.cache.nearest) == ("miss", None)
    assert bench.metrics.total("headchef.cache.guesses", choice="none") == 2


async def test_a_batch_is_embedded_and_sought_at_once(bench: Bench) -> None:
    bench.embedder.calls.clear()
    await bench.ask(*(make_question(f"pay {number}") for number in range(20)))
    assert bench.embedder.calls == [20]


async def test_an_embedder_that_fails_sends_steps_to_their_models(bench: Bench) -> None:
    await bench.allow(0.0)
    bench.embedder.faults.append(EmbeddingFailed("unreachable", "connection refused"))
    [asked] = await bench.ask(make_question("pay can I"))
    assert (asked.cache.kind, asked.cache.nearest) == ("miss", None)
    assert bench.metrics.total("headchef.cache.failures", operation="embed", reason="unreachable") == 1
    assert bench.metrics.total("headchef.cache.guesses", choice="unavailable") == 1
    # It is left alone for a second.
    calls = len(bench.embedder.calls)
    await bench.ask(make_question("pay can I"))
    assert len(bench.embedder.calls) == calls
    bench.clock.advance(1)
    [served] = await bench.ask(make_question("pay can I"))
    assert served.cache.kind == "semantic"


async def test_beyond_the_quota_of_the_embedder_the_model_is_asked_and_nobody_else_is_held_back(bench: Bench) -> None:
    await bench.allow(0.0)
    [known] = await bench.embedder.embed(["pay can I"])
    bench.embedder.faults.append(EmbeddingFailed("quota", "no room", made={"pay can I": known}))
    served, asked = await bench.ask(make_question("pay can I"), make_question("pay so I", job_id="job-3"))
    assert (served.cache.kind, asked.cache.kind, asked.cache.nearest) == ("semantic", "miss", None)
    assert bench.metrics.total("headchef.cache.failures", operation="embed", reason="quota") == 1
    assert bench.metrics.total("headchef.cache.guesses", choice="quota", mode="serve") == 1
    # It is not away: the next question is embedded at once.
    [served] = await bench.ask(make_question("pay so I", job_id="job-3"))
    assert served.cache.kind == "semantic"


async def test_an_embedder_that_never_answers_holds_nothing_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(texts: Sequence[str]) -> Sequence[Vector]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(bench.embedder, "embed", for_ever)
    async with asyncio.timeout(PATIENCE_S):
        [asked] = await bench.ask(make_question("pay can I"))
    assert asked.cache.kind == "miss"
    assert bench.metrics.total("headchef.cache.failures", operation="embed", reason="timeout") == 1


async def test_while_the_store_of_questions_is_away_models_are_asked(bench: Bench) -> None:
    await bench.allow(0.0)
    bench.points.faults.append(AWAY)
    [asked] = await bench.ask(make_question("pay can I"))
    assert (asked.cache.kind, asked.cache.nearest) == ("miss", None)


async def test_while_the_store_of_answers_is_away_nothing_is_looked_for(bench: Bench) -> None:
    await bench.allow(0.0)
    bench.store.fault = AWAY
    [asked] = await bench.ask(make_question("pay can I"))
    assert (asked.cache.kind, asked.cache.nearest) == ("unavailable", None)


async def test_a_bound_of_another_statistic_shuts(bench: Bench) -> None:
    await bench.allow(0.0)
    with pytest.raises(InvalidEvent, match="agreement"):
        await bench.allow(0.0, statistic="other-9")
    refused = bench.meaning.broadcast.refused
    assert refused is not None
    await refused(b"default/help/first-word%2F8", "cannot be read")
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)


async def test_a_pool_that_was_forgotten_serves_nobody(bench: Bench) -> None:
    await bench.allow(0.0)
    await bench.allow(0.0, weights=(), bands=(), number=4)
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)


async def test_only_bands_that_are_open_serve(bench: Bench) -> None:
    await bench.allow(bands=(Band(up_to=0.4, at_most=0.0), Band(up_to=1.0, at_most=1.0)))
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)
    await bench.allow(bands=(Band(up_to=0.6, at_most=0.0), Band(up_to=1.0, at_most=1.0)))
    [served] = await bench.ask(make_question("pay can I"))
    assert isinstance(served, StepCompleted)


async def test_a_question_whose_answer_was_invalidated_is_passed_over(bench: Bench) -> None:
    await bench.allow(0.0)
    await bench.settle(make_verdict(make_question("pay cash now", job_id="job-3"), marks=Marks(tags=("menu",))))
    step = make_question("pay cash now!")
    [served] = await bench.ask(step)
    assert served.cache.source_job_id == "job-3"
    bench.invalidations.invalidated.take(InvalidatedScope(tag="menu"), START + timedelta(seconds=60))
    [served] = await bench.ask(step)
    assert served.cache.source_job_id == "job-1"


async def test_nothing_is_reused_while_it_is_not_known_what_was_invalidated(bench: Bench) -> None:
    await bench.allow(0.02)
    bench.invalidations.is_known = False
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)
    assert asked.cache.kind == "bypass"
    assert bench.observed == []


async def test_a_question_whose_answer_was_found_wrong_serves_nobody_and_stands_in_nobodys_way(bench: Bench) -> None:
    await bench.allow(0.0)
    await bench.settle(make_verdict(make_question("pay cash now", job_id="job-3")))
    step = make_question("pay cash now!")
    [served] = await bench.ask(step)
    assert served.cache.source_job_id == "job-3"
    wrong = make_answer("By card.")
    await bench.handle(make_corrected(f"{SCOPE} pay cash now", job_id="job-3", answer=wrong))
    [served] = await bench.ask(step)
    assert served.cache.source_job_id == "job-1"


async def test_a_question_whose_answer_is_gone_stands_in_nobodys_way_for_long(bench: Bench) -> None:
    """As when it was evicted while the store of questions was away, or could not be kept while its own store was."""
    await bench.allow(0.0)
    await bench.settle(make_verdict(make_question("pay cash now", job_id="job-3")))
    await bench.store.remove(Selection(fingerprints=(make_question("pay cash now").fingerprint,)))
    step = make_question("pay cash now!")
    [asked] = await bench.ask(step)
    assert isinstance(asked, StepDispatched)
    [served] = await bench.ask(step)
    assert served.cache.source_job_id == "job-1"


async def test_while_its_store_is_away_what_was_found_wrong_serves_nobody_all_the_same(bench: Bench) -> None:
    await bench.allow(0.0)
    bench.points.faults.append(AWAY)
    await bench.handle(make_corrected(f"{SCOPE} pay how", job_id="job-1", answer=make_answer("By card.")))
    bench.clock.advance(1)
    [asked] = await bench.ask(make_question("pay can I"))
    assert isinstance(asked, StepDispatched)
    assert asked.cache.nearest is not None
    assert asked.cache.nearest.choice == "serve"


async def test_what_is_too_long_is_compared_with_nobody(bench: Bench) -> None:
    await bench.allow(0.0)
    bench.embedder.calls.clear()
    long = make_question("pay " + "a" * MOST_CHARACTERS, job_id="job-4")
    [asked] = await bench.ask(long)
    assert (asked.cache.kind, asked.cache.nearest) == ("miss", None)
    assert await bench.settle(make_verdict(long)) == []
    assert bench.embedder.calls == []
    assert bench.metrics.total("headchef.cache.guesses", choice="too_long") == 1
