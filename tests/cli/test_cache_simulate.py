"""`headchef cache simulate`: past questions are replayed by the live cache's own code, and what comes is counted."""

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from headchef_contracts.events.bounds import Band
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse

from headchef.bound import Label, new_pool
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.policy import CachePolicy
from headchef.cache.semantic.comparing import Fresh
from headchef.cache.semantic.judging import Judging
from headchef.cli.cache_simulate.embedding import settings_for
from headchef.cli.cache_simulate.past import Past, past_questions
from headchef.cli.cache_simulate.replay import Outcome, Replay, Setting
from headchef.cli.cache_simulate.running import replayed
from headchef.cli.cache_simulate.view import as_json, view
from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Screen
from headchef.embedding import Vector
from headchef.equality import Instruments, Judges, installed
from headchef.pooled import pool_account
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from tests.cache.builders import make_answer
from tests.cache.semantic.bench import Bench, ByFirstWord, make_question, make_verdict
from tests.cli.cache_events import make_bound, make_nearest
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.manual_clock import START, ManualClock

INTENTS = ("pay", "ship", "return", "open", "park", "wash")


class Apart(ByFirstWord):
    """Gives each intent a direction of its own, and each text a place around it that no other one has."""

    def _vector(self, text: str) -> Vector:
        chance = random.Random(text)
        vector = [chance.uniform(-0.15, 0.15) for _ in range(self.dimensions)]
        vector[INTENTS.index(text.partition(" ")[0])] += 1.0
        length = sum(each * each for each in vector) ** 0.5
        return [each / length for each in vector]


def verdicts(count: int, wrong: float = 0.0, seed: int = 7, **semantic: Any) -> list[CacheSettled]:
    """Give questions whose first word says what is asked; a share of them has another answer all the same."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        intent = chance.choice(INTENTS)
        answer = "It depends." if chance.random() < wrong else f"The answer to {intent}."
        step = make_question(f"{intent} {number}", job_id=f"j{number}", explore=0.1, **semantic)
        at = START + timedelta(seconds=number)
        found.append(make_verdict(step, answer, cost_usd=Decimal("0.01"), settled_at=at, planned_at=at))
    return found


async def past_of(*events: CacheSettled, ttl_s: float | None = None, **chosen: str) -> Past:
    log = make_log()
    for event in events:
        await put_event(log, "cache.settled", event, event.fingerprint.encode())
    return await read(log, ttl_s, **chosen)


async def read(log: MemoryLog, ttl_s: float | None = None, **chosen: str) -> Past:
    policy, asked = CachePolicy(ttl_s), {"tenant": None, "pool": None} | chosen
    return await past_questions(
        log, namespace=NAMESPACE, policy=policy, max_records=100_000, progress=lambda *_: None, **asked
    )


async def vectors_of(questions: Sequence[Fresh]) -> Sequence[Vector]:
    return await Apart().embed([each.question.text for each in questions])


def make_replay(setting: Setting, embedder: str = "first-word/8") -> Replay:
    return Replay(setting, embedder, Judging(Judges(installed(), Instruments()), 5.0, ManualClock()))


async def outcome_of(past: Past, setting: Setting) -> Outcome:
    replay = make_replay(setting)
    return await replay.run(past.questions, await vectors_of(past.questions), lambda: None)


async def test_it_learns_what_the_live_cache_learns_and_its_pool_says_the_same() -> None:
    events, bench, live = verdicts(150, wrong=0.2), Bench(embedder=Apart()), new_pool()
    for event in events:
        assert event.semantic is not None
        step = make_question(event.semantic.text, job_id=event.source_job_id, explore=0.1, max_wrong=0.0)
        [became] = await bench.ask(step)
        [*labels] = await bench.settle(make_verdict(step, event.answer, became.cache, settled_at=event.settled_at))
        for label in labels:
            assert label.guess is not None
            live = live.learn(Label(label.guess.features, label.guess.wrong, bool(label.wrong)))
            bound = live.bound()
            bands = tuple(Band(up_to=each.up_to, at_most=each.at_most) for each in bound.bands)
            if bound.number:
                await bench.allow(number=bound.number, weights=bound.weights, bands=bands)
    past, replay = await past_of(*events), make_replay(Setting(max_wrong=0.0))
    await replay.run(past.questions, await vectors_of(past.questions), lambda: None)
    replayed_pool = replay._pools[pool_account("default", "help", "first-word/8")]
    assert (replayed_pool.labels, replayed_pool.wrong) == (live.labels, live.wrong)
    assert replayed_pool.labels > 100
    assert replayed_pool.wrong > 10
    assert replayed_pool.bound().number == live.bound().number > 1
    assert replayed_pool.bound().weights == pytest.approx(live.bound().weights, rel=1e-3)


async def test_a_larger_max_wrong_serves_more_and_what_would_have_been_wrong_is_counted() -> None:
    past = await past_of(*verdicts(900, wrong=0.03))
    strict, loose = [await outcome_of(past, Setting(max_wrong)) for max_wrong in (0.0, 0.2)]
    assert (strict.questions, strict.served, strict.explored) == (900, 0, 0)
    assert loose.served > 300
    assert 0 < loose.wrong < 0.2 * loose.served
    assert loose.saved_usd == Decimal("0.01") * loose.served
    assert 0 < loose.explored < loose.served
    assert await outcome_of(past, Setting(0.2)) == loose, "a replay is always the same"


async def test_more_that_is_explored_serves_less() -> None:
    past = await past_of(*verdicts(900))
    few, many = [await outcome_of(past, Setting(0.2, explore)) for explore in (0.01, 0.5)]
    assert few.served > many.served > 0
    assert few.wrong == many.wrong == 0


async def test_without_a_setting_what_the_jobs_say_counts() -> None:
    past = await past_of(*verdicts(900, max_wrong=0.2, mode="shadow"))
    assert await outcome_of(past, Setting()) == await outcome_of(past, Setting(0.2, 0.1))


async def test_no_question_is_near_one_of_another_scope_or_tenant() -> None:
    events = verdicts(900)
    past = await past_of(*events)
    apart = [
        Fresh(
            each.event_id,
            each.cause,
            each.settled,
            each.question.model_copy(update={"scope": f"{number:064x}"}),
            each.stored,
        )
        for number, each in enumerate(past.questions)
    ]
    outcome = await outcome_of(Past(apart, 0), Setting(0.2))
    assert (outcome.questions, outcome.served, outcome.explored) == (900, 0, 0)


async def test_an_answer_serves_no_longer_than_the_cache_says() -> None:
    events = verdicts(900)
    assert (await outcome_of(await past_of(*events, ttl_s=0.5), Setting(0.2))).served == 0


async def test_only_fresh_answers_of_whom_was_asked_for_are_read_in_their_order() -> None:
    first, second = make_question("pay a", job_id="j1"), make_question("pay b", job_id="j2")
    late, early = make_verdict(first, settled_at=START + timedelta(hours=1)), make_verdict(second)
    events = (
        late,
        early,
        early,
        make_verdict(make_question("x", job_id="j3", pool="other")),
        make_verdict(make_question("x", job_id="j4", tenant="acme")),
        make_verdict(make_question("x", job_id="j5"), None, verdict="rejected"),
        make_verdict(make_question("x", job_id="j6")).model_copy(update={"semantic": None, "asker": None}),
        make_verdict(make_question("x", job_id="j7"), make_answer("x").model_copy(update={"finish_reason": "length"})),
        make_verdict(
            make_question("x", job_id="j8"),
            "x",
            CacheUse(kind="semantic", source_job_id="j1", nearest=make_nearest(first)),
        ),
    )
    past = await past_of(*events, tenant="default", pool="help")
    assert [each.settled.source_job_id for each in past.questions] == ["j2", "j1"]
    assert len((await past_of(*events)).questions) == 4


async def test_a_record_that_cannot_be_read_stops_nothing_and_no_topic_says_what_to_do() -> None:
    log = make_log()
    await put(log, "cache.settled", b"{", b"k", 0)
    assert (await read(log)).questions == []
    with pytest.raises(WorkFailed, match="no topic") as caught:
        await read(MemoryLog(Cluster(SystemClock())))
    assert "topics create" in caught.value.hint


def test_another_embedder_has_its_own_number_of_dimensions() -> None:
    hashed, endpoint = EmbedderSettings(dimensions=64), EmbedderSettings(kind="endpoint", dimensions=1024)
    assert settings_for(None, endpoint) is endpoint
    assert settings_for("hashed", hashed).dimensions == 64
    assert settings_for("hashed", endpoint).dimensions is None
    assert (settings_for("endpoint", hashed).kind, settings_for("endpoint", hashed).dimensions) == ("endpoint", 64)


async def test_a_person_and_a_machine_see_each_setting_beside_what_is() -> None:
    past = await past_of(*verdicts(400))
    settings = (Setting(), Setting(0.0), Setting(0.2))
    name, outcomes = await replayed(past.questions, settings, EmbedderSettings(), Screen(as_json=True))
    assert name == "hashed-1/512"
    console = Console(width=150)
    with console.capture() as captured:
        console.print(view(outcomes, [make_bound()], name))
    lines = captured.get().splitlines()
    assert lines[1].split()[:9] == ["as", "it", "is", "440", "40", "9.09", "%", "1/200", "0.50"]
    assert [line.split()[:2] for line in lines[2:5]] == [["as", "jobs"], ["0.0", "%"], ["20.0", "%"]]
    assert "40 questions were answered by earlier answers" in captured.get()
    values = list(as_json(outcomes, [make_bound()], name))
    assert [each.get("max_wrong") for each in values] == [None, 0.0, 0.2, None]
    assert values[1]["interval"] == [0.0, 1.0]
    assert values[3]["as_it_is"]["counts"]["served"] == 40
