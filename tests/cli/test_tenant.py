"""What `headchef tenant` takes, publishes and shows, on a log in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from headchef_contracts.events.tenants import Limit, TenantBudget, TenantSet

from headchef.accounts.budgets import Sums
from headchef.cli.__main__ import app
from headchef.cli.broadcast import entry, publish
from headchef.cli.faults import WrongUsage
from headchef.cli.tenants import listing, running, showing
from headchef.cli.tenants.asked import Asked
from headchef.cli.tenants.reading import sums_of, tenants_set
from headchef.cli.tenants.running import in_words
from headchef.runtime.log.memory import MemoryLog
from headchef.tenants import TOPIC, day_of
from tests.cli.clusters import NAMESPACE, make_log, put

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
BUDGET = TenantBudget(day=Limit(usd=Decimal("12.50")), month=Limit(tokens=9_000_000), warn_at=(0.5, 1.0))

Type = Callable[..., Result]


def asked(**options: Any) -> Asked:
    return Asked(**({"tenant": "acme"} | options))


@pytest.fixture
def log() -> MemoryLog:
    return make_log(entries=["museum"])


@pytest.fixture
def typed(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Give what types a command at this log."""

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[MemoryLog]:
        yield log

    for module in (listing, running, showing):
        monkeypatch.setattr(module, "opened", opened)

    def type_(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["tenant", *words], terminal_width=200)
        assert result.exit_code == code, result.output
        return result

    return type_


async def spent(log: MemoryLog, *sums: Sums) -> None:
    """Let an account have written how it stands, in whatever partition."""
    for number, each in enumerate(sums):
        await put(log, "accounts.budgets.changelog", each.written(), each.key, number % 4)


def test_the_options_are_a_budget() -> None:
    event = asked(day_usd="12.50", month_tokens=9_000_000, warn_at="0.5, 1").event("ann@desk-7", AT)
    assert event == TenantSet(tenant="acme", budget=BUDGET, by="ann@desk-7", set_at=AT)
    assert in_words(event.budget) == "12.50 USD a day, 9,000,000 tokens a month"
    both = asked(day_usd="1", day_tokens=5).event("ann", AT).budget
    assert both is not None
    assert in_words(both) == "1 USD and 5 tokens a day"
    assert both.warn_at == (0.5, 0.8, 0.95)


def test_a_tenant_may_have_no_budget_any_more() -> None:
    assert asked(unlimited=True).event("ann", AT).budget is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "nothing says what the tenant may spend, or by which entries its jobs come"),
        ({"warn_at": "0.5"}, "nothing says what the tenant may spend"),
        ({"entries": ("bulk",)}, '--entry: no entry is called "bulk"'),
        ({"entries": ("museum",), "public": True}, "--public takes all entries away"),
        ({"unlimited": True, "day_usd": "1"}, "--unlimited takes all limits away"),
        ({"day_usd": "ten"}, '--day-usd: "ten" is no amount; write US dollars as 12.50'),
        ({"month_usd": "-1"}, '--month-usd: "-1" is no amount'),
        ({"day_usd": "1", "warn_at": "half"}, '--warn-at: "half" are no shares'),
        ({"day_usd": "1", "warn_at": "1.5"}, "--warn-at: each share must be above 0, and 1 at most"),
        ({"day_usd": "1", "warn_at": "0.8,0.5"}, "--warn-at: each share must be above the one before it"),
        ({"tenant": "", "day_usd": "1"}, 'the tenant "" cannot be'),
    ],
)
def test_what_is_wrong_names_its_option(options: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongUsage) as wrong:
        asked(**options).event("ann", AT)
    assert said in str(wrong.value)


def test_what_is_not_named_stays() -> None:
    before = TenantSet(tenant="acme", budget=BUDGET, entries=("museum",), by="ann", set_at=AT)
    budget, entries = asked(unlimited=True).event("bob", AT, before), asked(public=True).event("bob", AT, before)
    assert (budget.budget, budget.entries) == (None, ("museum",)), "who changes a budget frees no tenant"
    assert (entries.budget, entries.entries) == (BUDGET, ())
    other = asked(entries=("a", "b", "a"), day_usd="1").event("bob", AT, before)
    assert (other.budget, other.entries) == (TenantBudget(day=Limit(usd=Decimal(1))), ("a", "b"))


def test_a_tenant_is_bound_to_an_entry_and_listed(typed: Type) -> None:
    said = typed("set", "acme", "--entry", "museum")
    assert "its jobs are taken from jobs.submitted.museum alone" in said.stderr
    typed("set", "acme", "--day-usd", "2")
    [line] = typed("list", "--json").stdout.splitlines()
    assert orjson.loads(line)["entries"] == ["museum"]
    assert "museum" in typed("list").stdout
    typed("set", "acme", "--unlimited", "--public")
    assert not typed("list", "--json").stdout


def test_an_entry_without_topics_is_refused(typed: Type) -> None:
    said = typed("set", "acme", "--entry", "nowhere", code=2)
    assert "there is no topic headchef.jobs.submitted.nowhere.v1" in said.stderr
    assert not typed("list", "--json").stdout


async def test_no_part_is_kept_of_what_cannot_be_read(log: MemoryLog, typed: Type) -> None:
    await put(log, TOPIC, b"of a newer release", b"acme", 0)
    said = await asyncio.to_thread(typed, "set", "acme", "--day-usd", "1", code=2)
    assert "what is set of acme cannot be read here" in said.stderr
    await asyncio.to_thread(typed, "set", "acme", "--day-usd", "1", "--public")


async def test_what_was_said_last_of_a_tenant_holds(log: MemoryLog) -> None:
    producer = log.producer("test", None)
    await producer.start()
    for budget in (None, BUDGET):
        event = TenantSet(tenant="acme", budget=budget, by="ann", set_at=AT)
        await publish(producer, entry(event, TOPIC, NAMESPACE, AT))
    await producer.close()
    await put(log, TOPIC, b"no event", b"other", 0)
    known = await tenants_set(log, NAMESPACE)
    assert {name: each.budget for name, each in known.tenants.items()} == {"acme": BUDGET}
    assert known.unreadable == 1


async def test_the_newest_sums_of_the_periods_of_a_day_are_read(log: MemoryLog) -> None:
    day = Sums(tenant="acme", period="day", begins="2026-11-26", spent_usd=Decimal("0.25"))
    month = Sums(tenant="acme", period="month", begins="2026-11-01", out_tokens=7)
    await spent(log, day, month, day.model_copy(update={"begins": "2026-11-25"}))
    assert await sums_of(log, NAMESPACE, "acme", "2026-11-26") == {"day": day, "month": month}
    empty = await sums_of(log, NAMESPACE, "globex", "2026-11-26")
    assert empty["day"] == Sums(tenant="globex", period="day", begins="2026-11-26")


def test_a_budget_is_set_and_listed(typed: Type) -> None:
    said = typed("set", "acme", "--day-usd", "2.5", "--json")
    assert orjson.loads(said.stdout)["budget"]["day"] == {"usd": "2.5", "tokens": None}
    assert "acme may spend 2.5 USD a day, and its jobs are taken from jobs.submitted alone; routers" in said.stderr
    typed("set", "globex", "--month-tokens", "5000")
    typed("set", "globex", "--unlimited")
    [line] = typed("list", "--json").stdout.splitlines()
    assert orjson.loads(line)["tenant"] == "acme"
    assert "2.5 USD a day" in typed("list").stdout


def test_without_a_budget_nothing_is_listed(typed: Type) -> None:
    assert "no tenant has a budget, and none is bound to an entry" in typed("list").stderr


async def test_an_account_is_shown_with_what_is_left(log: MemoryLog, typed: Type) -> None:
    today = day_of(datetime.now(UTC))
    typed_in = ("set", "acme", "--day-usd", "1", "--day-tokens", "1000", "--month-usd", "2")
    await _in_thread(typed, *typed_in)
    about: dict[str, Any] = {
        "tenant": "acme",
        "spent_usd": Decimal("0.75"),
        "spent_tokens": 1_200,
        "out_usd": Decimal("0.125"),
    }
    month = f"{today[:8]}01"
    await spent(log, Sums(period="day", begins=today, **about), Sums(period="month", begins=month, **about))
    said = await _in_thread(typed, "show", "acme", "--json")
    day, of_month = map(orjson.loads, said.stdout.splitlines())
    assert (day["period"], day["begins"]) == ("day", today)
    assert day["usd"] == {"limit": "1", "spent": "0.75", "reserved": "0.125", "left": "0.125"}
    assert day["tokens"] == {"limit": 1_000, "spent": 1_200, "reserved": 0, "left": 0}
    assert of_month["usd"]["left"] == "1.125"
    assert of_month["tokens"]["left"] is None
    assert "0.125" in (await _in_thread(typed, "show", "acme")).stdout


def test_a_tenant_without_a_budget_has_no_account(typed: Type) -> None:
    result = typed("show", "acme", code=1)
    assert "the tenant 'acme' has no budget" in result.stderr


async def _in_thread(typed: Type, *words: str) -> Result:
    """Type a command from within a loop: it runs one of its own."""
    return await asyncio.to_thread(typed, *words)
