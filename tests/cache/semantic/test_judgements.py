"""Where a model is to compare two answers, the owner of the pool is told what to ask, and nothing is learnt yet."""

import pytest

from headchef_contracts.events.semantic import Comparison

from headchef.equality.quoting import unquoted
from tests.cache.semantic.bench import Bench, groups, make_question


@pytest.fixture
def bench() -> Bench:
    return Bench()


ASKS = Comparison(judge="model", arguments={"tier": "small"})


async def test_a_model_is_to_be_asked_about_answers_in_other_words(bench: Bench) -> None:
    assert await bench.leave_to("pay how", "By card.", compare=ASKS) == []
    [asked] = await bench.leave_to("pay can I", "One pays by card.", job_id="job-2", run=1, compare=ASKS)
    first = make_question("pay how", compare=ASKS)
    assert (asked.tenant, asked.source, asked.judge) == ("default", first.fingerprint, "model/1")
    assert (asked.asker.job_id, asked.asker.run) == ("job-2", 1)
    assert (asked.guess.choice, asked.guess.share) == ("ask", 1.0)
    assert unquoted(asked.question.prompt) == ("By card.", "One pays by card.")
    assert asked.question.tier == "small"
    assert bench.metrics.total("headchef.cache.labels", outcome="asked") == 1


async def test_no_model_is_asked_about_the_same_words_and_the_label_is_there_at_once(bench: Bench) -> None:
    await bench.leave_to("pay how", "By card.", compare=ASKS)
    [label] = await bench.learn("pay can I", "by card", job_id="job-2", compare=ASKS)
    assert (label.wrong, label.judge, label.judgement, label.may_ask) == (False, "model/1", None, True)
    assert len(set((await groups(bench)).values())) == 1


async def test_until_a_model_has_said_so_answers_in_other_words_are_of_two_groups(bench: Bench) -> None:
    await bench.leave_to("pay how", "By card.", compare=ASKS)
    await bench.leave_to("pay can I", "One pays by card.", job_id="job-2", compare=ASKS)
    assert len(set((await groups(bench)).values())) == 2


async def test_another_tenants_answer_is_shown_to_no_model(bench: Bench) -> None:
    await bench.leave_to("pay how", "By card.", compare=ASKS, tenant="acme")
    assert await bench.leave_to("pay can I", "In cash.", job_id="job-2", compare=ASKS, tenant="other") == []
