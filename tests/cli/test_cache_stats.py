"""`headchef cache stats`: each question once, by kind, what was saved and what is not known, and how pools stand."""

from decimal import Decimal

import pytest
from rich.console import Console

from headchef_contracts.events.bounds import BoundSet, Counts
from headchef_contracts.events.steps import StepCompleted, StepJudged

from headchef.bound import Choice
from headchef.cli.cache_stats.account import KINDS, Account, PoolName, PoolUses, together
from headchef.cli.cache_stats.pools import Standing, standings
from headchef.cli.cache_stats.reading import Read, count_up
from headchef.cli.cache_stats.view import as_json, view
from headchef.cli.faults import WorkFailed
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from tests.cache.builders import DECIDED
from tests.cache.semantic.bench import make_question, make_verdict
from tests.cli.cache_events import make_bound, make_made, make_nearest, make_reused
from tests.cli.clusters import NAMESPACE, make_log, put, put_event

FIRST = make_question("pay how", job_id="j1")
HELP = PoolName("default", "help")


def account_of(*events: StepCompleted | StepJudged, tenant: str | None = None) -> Account:
    account = Account(tenant)
    for event in events:
        if isinstance(event, StepCompleted):
            account.completed(event, 0.0)
        else:
            account.judged(event)
    return account


def refusal(of: StepCompleted) -> StepJudged:
    return StepJudged(step=of.step, verdict="hit_refused", findings=(), decided=DECIDED)


def test_each_question_counts_once_by_what_the_cache_did() -> None:
    made = make_made(FIRST)
    exact = make_reused(make_question("pay how", job_id="j2"), "exact", "j1")
    shared = make_reused(make_question("pay how", job_id="j3"), "coalesced", "j1")
    bypass = make_made(make_question("pay how", job_id="j4"), kind="bypass")
    rows = account_of(exact, made, made, shared, exact, bypass).rows()
    assert tuple(rows) == KINDS
    assert {kind: uses.questions for kind, uses in rows.items() if uses.questions} == {
        "exact": 1,
        "coalesced": 1,
        "miss": 1,
        "bypass": 1,
    }
    assert (rows["exact"].saved_usd, rows["exact"].saved_s) == (Decimal("0.02"), 1.5)
    assert (together(rows).saved_usd, together(rows).questions) == (Decimal("0.04"), 4)


def test_a_hit_by_meaning_saves_what_the_nearest_questions_answer_had_cost() -> None:
    other = make_question("pay can I", job_id="j2")
    account = account_of(make_reused(other, "semantic", "j1", make_nearest(FIRST, "serve")), make_made(FIRST))
    assert account.rows()["semantic"].saved_usd == Decimal("0.02")
    assert account.pools[HELP] == PoolUses(questions=2, reused=1)


def test_what_was_refused_has_saved_nothing() -> None:
    exact = make_reused(make_question("pay how", job_id="j2"), "exact", "j1")
    uses = account_of(make_made(FIRST), exact, refusal(exact)).rows()["exact"]
    assert (uses.questions, uses.refused, uses.saved_usd) == (1, 1, Decimal(0))


def test_what_a_source_took_is_known_as_far_as_the_topics_reach() -> None:
    account = account_of(make_reused(make_question("pay how", job_id="j2"), "exact", "j1"))
    uses = account.rows()["exact"]
    assert (uses.unknown_cost, uses.unknown_time) == (1, 1)
    account.settled(make_verdict(FIRST, cost_usd=Decimal("0.03")))
    uses = account.rows()["exact"]
    assert (uses.saved_usd, uses.unknown_cost, uses.unknown_time) == (Decimal("0.03"), 0, 1)


def test_shadow_mode_and_learning_are_counted_by_pool() -> None:
    def asked(job_id: str, choice: Choice, mode: str) -> StepCompleted:
        return make_made(make_question("pay can I", job_id=job_id, mode=mode), nearest=make_nearest(FIRST, choice))

    events = (
        asked("a", "serve", "shadow"),
        asked("b", "explore", "shadow"),
        asked("c", "explore", "serve"),
        asked("d", "ask", "serve"),
    )
    assert account_of(*events).pools[HELP] == PoolUses(questions=4, reused=0, would=1, explored=2)


def test_only_a_tenants_questions_count_where_one_is_named() -> None:
    theirs = make_made(make_question("pay how", tenant="acme"))
    account = account_of(make_made(FIRST), theirs, tenant="acme")
    assert account.rows()["miss"].questions == 1
    assert list(account.pools) == [PoolName("acme", "help")]
    assert standings(account.pools, [make_bound()], "acme") == [
        Standing(PoolName("acme", "help"), PoolUses(questions=1), None)
    ]


def test_a_pool_stands_as_its_newest_bound_says() -> None:
    older, newer = make_bound(9, 0.001, account="default/help/other"), make_bound(3, 0.012, minutes=5)
    [pool] = standings({}, [newer, older], None)
    assert pool.said == newer
    assert pool.open_from == 0.012
    assert pool.wrong is not None
    share, low, high = pool.wrong
    assert share == 0.005
    assert 0 <= low < 0.005 < high < 0.05


@pytest.mark.parametrize(
    "bound",
    [make_bound(at_most=0.3), make_bound(bands=(), weights=()), make_bound(statistic="other-7")],
    ids=["no job may take so much", "forgotten", "of another release"],
)
def test_a_pool_that_serves_nobody_is_closed(bound: BoundSet) -> None:
    [pool] = standings({}, [bound], None)
    assert pool.open_from is None


def shown(account: Account, *pools: Standing) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(view(account.rows(), pools))
    return captured.get()


def test_a_person_sees_kinds_all_together_and_pools() -> None:
    exact = make_reused(make_question("pay how", job_id="j2"), "exact", "j1")
    text = shown(account_of(make_made(FIRST), exact), *standings({HELP: PoolUses(7, 3, 2, 1)}, [make_bound()], None))
    lines = [line.split() for line in text.splitlines()]
    assert lines[1] == ["exact", "1", "50.0", "%", "$0.0200", "1.50", "s"]
    assert lines[7] == ["in", "all", "2", "100.0", "%", "$0.0200", "1.50", "s"]
    assert "1 of 2 questions were answered by an earlier answer." in text
    assert "not known" not in text
    [pool] = [line for line in lines if line and line[0] == "default/help"]
    assert pool[1:6] == ["7", "3", "2", "1", "400"]
    assert pool[6:] == ["1/200", "0.00–3.83", "%", "1.20", "%"]
    hashed = Standing(PoolName("default", "ab" * 32), PoolUses(1), make_bound(counts=Counts()))
    assert "default/abababababab " in shown(account_of(exact), hashed)
    assert "0/0" in shown(account_of(exact), hashed)
    assert "not known" in shown(account_of(exact)).splitlines()[1]
    shared = make_reused(make_question("pay back", job_id="j3"), "exact", "j9")
    assert "≥$0.0200" in shown(account_of(make_made(FIRST), exact, shared))


def judgement(name: str = "judgement-1", cost: str | None = "0.004") -> StepCompleted:
    step = make_question("both", job_id=name).model_copy(update={"semantic": None})
    head = step.job.model_copy(update={"judgement_of": make_bound().account})
    return make_made(step.model_copy(update={"job": head}), cost)


def test_what_models_were_paid_to_compare_is_no_question_and_stands_with_its_pool() -> None:
    account = account_of(make_made(FIRST), judgement(), judgement(), judgement("judgement-2"))
    assert together(account.rows()).questions == 1
    assert account.pools[HELP] == PoolUses(questions=1, judged=2, judging_usd=Decimal("0.008"))
    pools = standings(account.pools, [make_bound(counts=Counts(labels=2, undecided=3))], None)
    words = "Models compared 2 pairs of answers for $0.0080, to be held against the money saved"
    assert f"{words}; since the pools began, 3 were not judged." in shown(account, *pools)
    *_, pool = as_json(account.rows(), pools)
    assert (pool["judged"], pool["judging_usd"], pool["judged_of_unknown_cost"]) == (2, "0.008", 0)


def test_a_judgement_without_a_price_is_told_as_one_whose_cost_is_not_known() -> None:
    account = account_of(judgement(cost=None))
    assert "a pair of answers for a price that is not known" in shown(account, *standings(account.pools, [], None))
    account.completed(judgement("judgement-2"), 0.0)
    assert "2 pairs of answers for ≥$0.0040" in shown(account, *standings(account.pools, [], None))


def test_machines_get_kinds_all_together_and_pools() -> None:
    account = account_of(make_made(FIRST), make_reused(make_question("pay how", job_id="j2"), "exact", "j1"))
    *kinds, total, pool = as_json(account.rows(), standings(account.pools, [make_bound()], None))
    assert [each["cache"] for each in kinds] == list(KINDS)
    assert (kinds[0]["saved_usd"], kinds[0]["share"], total["in_all"], total["questions"]) == ("0.02", 0.5, True, 2)
    assert (pool["pool"], pool["counts"]["labels"], pool["open_from"], pool["bound"]) == ("help", 400, 0.012, 2)
    assert pool["interval"][0] < pool["wrong_where_allowed"] < pool["interval"][1]


async def read(log: MemoryLog, since_ms: float = 0.0, records: int = 100) -> Read:
    return await count_up(
        log, namespace=NAMESPACE, tenant=None, since_ms=since_ms, max_records=records, progress=lambda *_: None
    )


async def test_it_is_read_from_the_topics() -> None:
    log = make_log()
    exact = make_reused(make_question("pay how", job_id="j2"), "exact", "j1")
    await put_event(log, "steps.completed", make_made(FIRST), b"j1", 0)
    await put_event(log, "steps.completed", exact, b"j2", 1)
    await put_event(log, "steps.judged", refusal(exact), b"j2", 1)
    await put_event(log, "cache.settled", make_verdict(FIRST), b"f", 0)
    await put_event(log, "cache.bounds", make_bound(1), b"a", 0)
    await put_event(log, "cache.bounds", make_bound(2), b"a", 0)
    await put(log, "steps.judged", b"{", b"k", 0)
    found = await read(log)
    assert (found.account.rows()["exact"].refused, found.account.rows()["miss"].questions) == (1, 1)
    assert ([each.number for each in found.said], found.skipped, found.unreadable) == ([2], 0, 1)
    assert together((await read(log, since_ms=1e15)).account.rows()).questions == 0


async def test_a_cluster_without_topics_says_how_to_make_them() -> None:
    with pytest.raises(WorkFailed, match="no topics") as caught:
        await read(MemoryLog(Cluster(SystemClock())))
    assert "topics create" in caught.value.hint
