"""What was spent: each call once, by whose it was, with what came of it, and nothing unknown passed off as free."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.common import Event, JobHead, Usage
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import AttemptRecorded

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.spending.account import UNNAMED, Account, Sums
from headchef.cli.spending.by import By
from headchef.cli.spending.reading import add_up
from headchef.cli.spending.view import row_as_json, view
from headchef.cli.times import since_ms
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import NewRecord
from tests.cli.builders import START, head, make_attempt, make_finished
from tests.cli.clusters import NAMESPACE, make_log, put

USED = Usage(input_tokens=100, output_tokens=50, cached_input_tokens=40, reasoning_tokens=10)
_numbers = itertools.count()


def job(tenant: str = "acme", **labels: str) -> JobHead:
    return head(f"j{next(_numbers)}").model_copy(update={"tenant": tenant, "labels": labels})


def call(whose: JobHead | None = None, cost: str | None = "0.01", **fields: Any) -> AttemptRecorded:
    given = {"job": whose or job(), "cost_usd": None if cost is None else Decimal(cost), "usage": USED}
    return make_attempt().model_copy(update=given | fields)


def result(whose: JobHead | None = None, **fields: Any) -> JobFinished:
    return make_finished("j", {}, **fields).model_copy(update={"job": whose or job()})


def account_of(by: By, *events: AttemptRecorded | JobFinished) -> Account:
    account = Account(by)
    for number, event in enumerate(events):
        if isinstance(event, AttemptRecorded):
            account.attempt(str(number), event)
        else:
            account.result(str(number), event)
    return account


def rows_of(by: By, *events: AttemptRecorded | JobFinished) -> dict[str, Sums]:
    return dict(account_of(by, *events).rows())


def test_every_call_counts_and_each_once() -> None:
    account = Account("tenant")
    for event_id in ("a", "b", "a", None, None):
        account.attempt(event_id, call())
    for event_id in ("r", "r"):
        account.result(event_id, result())
    total = account.total
    assert (total.calls, total.cost_usd, total.accepted) == (4, Decimal("0.04"), 1)
    assert (total.input_tokens, total.cached_input_tokens) == (400, 160)
    assert (total.output_tokens, total.reasoning_tokens) == (200, 40)


@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        ({"outcome": "rate_limited", "status_code": 429, "usage": None}, 0),
        ({"outcome": "server_error", "status_code": 500, "usage": None}, 0),
        ({"outcome": "timeout", "status_code": None, "usage": None}, 1),
        ({"outcome": "malformed_response", "status_code": 200, "usage": None}, 1),
        ({"outcome": "answered"}, 1),
    ],
)
def test_what_may_have_been_billed_is_unknown_and_never_free(fields: dict[str, Any], unknown: int) -> None:
    total = account_of("tenant", call(cost=None, **fields), call()).total
    assert (total.unknown, total.cost_usd) == (unknown, Decimal("0.01"))
    assert total.failed == (fields["outcome"] != "answered")


def test_rows_are_by_whose_the_calls_were_the_dearest_first() -> None:
    summer, plain = job("acme", season="summer", kind="faq"), job("globex")
    events = (
        call(summer, "0.03"),
        call(plain, "0.02", model="large", lane="fast"),
        result(summer),
        result(plain, status="rejected"),
        result(plain, hit_of="j0"),
    )
    by_tenant = rows_of("tenant", *events)
    assert list(by_tenant) == ["acme", "globex"]
    assert (by_tenant["globex"].results, by_tenant["globex"].accepted, by_tenant["globex"].reused) == (2, 1, 1)
    by_model = rows_of("model", *events)
    assert {name: sums.calls for name, sums in by_model.items()} == {"simulated": 1, "large": 1}
    assert (by_model["simulated"].results, by_model["large"].results) == (3, 0)
    by_label = rows_of("label", *events)
    assert {name: sums.cost_usd for name, sums in by_label.items()} == {
        "season=summer": Decimal("0.03"),
        "kind=faq": Decimal("0.03"),
        UNNAMED: Decimal("0.02"),
    }
    assert account_of("label", *events).total.cost_usd == Decimal("0.05")


def test_the_lane_of_a_result_is_that_of_its_models_calls() -> None:
    account = account_of("lane", result(), call(lane="fast"), result())
    assert {name: (sums.calls, sums.accepted) for name, sums in account.rows()} == {"fast": (1, 2)}
    assert {name: sums.accepted for name, sums in account.rows()} == {"fast": 2}, "asked twice it says the same"
    assert rows_of("lane", result())[UNNAMED].accepted == 1
    assert account.total.accepted == 2


def test_an_accepted_result_costs_what_was_tried_in_vain_too() -> None:
    total = account_of("tenant", call(), call(outcome="length"), call(), result(), result(status="rejected")).total
    assert total.per_accepted_usd == Decimal("0.03")
    assert account_of("tenant", call()).total.per_accepted_usd is None
    unpriced = account_of("tenant", call(cost=None), result()).total
    assert (unpriced.known_usd, unpriced.per_accepted_usd) == (None, None)
    assert account_of("tenant", result(hit_of="j0")).total.per_accepted_usd == 0, "that is known"


def shown(by: By, *events: AttemptRecorded | JobFinished) -> str:
    account, console = account_of(by, *events), Console(width=160)
    with console.capture() as captured:
        console.print(view(by, account.rows(), account.total))
    return captured.get()


def test_a_person_sees_each_row_all_together_and_what_is_not_known() -> None:
    text = shown("tenant", call(job("acme")), call(job("globex"), None), result(job("acme")))
    first, second, third = text.splitlines()[1:4]
    assert first.split() == ["acme", "$0.0100", "$0.0100", "1", "0", "1", "0", "100", "50"]
    assert second.split()[:4] == ["globex", "not", "known", "0"]
    assert third.split()[:3] == ["in", "all", "≥$0.0100"]
    many = call(usage=Usage(input_tokens=1_234_567, output_tokens=9_876))
    assert shown("tenant", many).splitlines()[1].split()[-2:] == ["1.2M", "9.9k"]
    assert "and 1 call of unknown cost" in text
    assert "in all" not in shown("tenant", call(job("acme")))
    assert "(no label)" in shown("label", call())


def cached(read: int, written: int, cost: str, uncached: str | None) -> AttemptRecorded:
    usage = Usage(input_tokens=9_000, cached_input_tokens=read, cache_write_input_tokens=written)
    return call(None, cost, usage=usage, uncached_cost_usd=None if uncached is None else Decimal(uncached))


def test_what_the_providers_caches_saved_is_told_with_what_writing_to_them_cost() -> None:
    written, read, unread = (cached(*of) for of in ((0, 8_000, "3", "2"), (8_000, 0, "0.5", "2"), (0, 0, "2", None)))
    total = account_of("tenant", written, read, unread).total
    assert (total.cached_input_tokens, total.cache_write_input_tokens) == (8_000, 8_000)
    assert total.provider_cache_saved_usd == Decimal("0.5")
    assert "8.0k were read from providers' caches and 8.0k written: saved $0.5000" in shown("tenant", written, read)
    assert "written: cost $1.0000 more than it saved" in shown("tenant", written)
    assert "caches" not in shown("tenant", unread)
    row = row_as_json("tenant", "acme", account_of("tenant", written).total)
    assert (row["cache_write_input_tokens"], row["provider_cache_saved_usd"]) == (8_000, "-1")


def test_machines_get_decimal_strings() -> None:
    account = account_of("model", call(), call(), result())
    [(name, sums)] = account.rows()
    row = row_as_json("model", name, sums)
    assert (row["model"], row["in_all"], row["cost_usd"]) == ("simulated", False, "0.02")
    assert row["cost_per_accepted_usd"] == "0.020000000"
    total = row_as_json("model", None, account.total)
    assert (total["model"], total["in_all"]) == (None, True)
    assert row_as_json("label", UNNAMED, sums)["label"] is None


async def put_at(log: MemoryLog, topic: str, event: Event, at_ms: int, event_id: str) -> None:
    attributes = cloudevents.Attributes(event_id, "/test", event.event_type, event.version, START)
    name, headers = topics.physical(NAMESPACE, topic), cloudevents.to_headers(attributes)
    producer = log.producer("test", None)
    await producer.start()
    for sent in await producer.send([NewRecord(name, registry.encode(event), b"k", 0, headers, at_ms)]):
        await sent
    await producer.close()


async def test_only_what_is_new_enough_is_read_and_what_cannot_be_read_is_counted() -> None:
    log = make_log()
    for at_ms in (1_000, 2_000, 3_000):
        await put_at(log, "attempts.recorded", call(), at_ms, str(at_ms))
        await put_at(log, "jobs.finished", result(), at_ms, str(at_ms))
    await put(log, "attempts.recorded", b"{", b"k", 0)

    async def read(since: float, records: int = 100) -> tuple[int, int, int, int]:
        account, skipped, unreadable = await add_up(
            log, namespace=NAMESPACE, by="tenant", since_ms=since, max_records=records, progress=lambda *_: None
        )
        return account.total.calls, account.total.results, skipped, unreadable

    assert await read(0) == (3, 3, 0, 1)
    assert await read(2_000) == (2, 2, 0, 1)
    assert await read(0, records=1) == (0, 1, 5, 1)


async def test_a_cluster_without_topics_says_how_to_make_them() -> None:
    log = MemoryLog(Cluster(SystemClock()))
    with pytest.raises(WorkFailed, match="no topics"):
        await add_up(log, namespace="x", by="tenant", since_ms=0, max_records=1, progress=lambda *_: None)


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("90m", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 15, 12, 0, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T12:00+01:00", datetime(2026, 11, 20, 11, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_moment_or_a_span_back(text: str, then: datetime) -> None:
    assert since_ms("--since", text, NOW) == then.timestamp() * 1000


@pytest.mark.parametrize("text", ["", "yesterday", "7 d", "-1h", "5y", "99999999w"])
def test_what_is_no_time_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(WrongUsage, match="--since") as caught:
        since_ms("--since", text, NOW)
    assert "24h" in caught.value.hint
