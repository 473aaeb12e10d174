"""What must hold where tenants have budgets: never is more out than may be, and refused is only what would not fit.

What accounts should have known is worked out from what they were told, in its order, without any code of the product.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from headchef_contracts.events.tenants import Limit

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.services import pair

Money = tuple[Decimal, int]
"""US dollars and tokens."""

_NOTHING: Money = (Decimal(), 0)


@dataclass(slots=True)
class _Book:
    """What is spent and out of one period of one tenant, and by how much questions have taken more than expected."""

    spent: Money = _NOTHING
    out: Money = _NOTHING
    beyond: Money = _NOTHING


@dataclass(slots=True)
class _Books:
    """Of all tenants, by tenant and period."""

    books: dict[tuple[str, str], _Book] = field(default_factory=dict)

    def of(self, tenant: str, day: str) -> list[tuple[str, _Book]]:
        """Give the books of a day and of its month."""
        found = (("day", day), ("month", day[:7]))
        return [(period, self.books.setdefault((tenant, named), _Book())) for period, named in found]


def _never_more_out_than_may_be(evidence: Evidence) -> Iterator[str]:
    """Check each grant and each refusal against what the account had been told by then."""
    answers: dict[Any, list[Happened]] = {}
    for event in evidence.accounted.answered:
        answers.setdefault(event.cause, []).append(event)
    books = _Books()
    for event in evidence.accounted.booked:
        tenant = event.data["tenant"]
        if "spent" in event.data:
            _settle(books, event.data)
        elif (returned := event.data.get("returned")) is not None:
            for _, book in books.of(tenant, returned["day"]):
                book.out = _minus(book.out, _money(returned["amount"]))
        for answer in answers.get(event.spot, ()):
            yield from _answered(evidence, books, answer)


def _answered(evidence: Evidence, books: _Books, answer: Happened) -> Iterator[str]:
    granted, refusal = answer.data.get("granted"), answer.data.get("refusal")
    tenant = answer.data["tenant"]
    if granted is not None:
        for period, book in books.of(tenant, granted["day"]):
            book.out = _plus(book.out, _money(granted["amount"]))
            limit = getattr(evidence.accounted.budgets[tenant], period)
            if limit is None:
                continue
            if _exceeds(_minus(_plus(book.spent, book.out), book.beyond), limit):
                yield f"{tenant} may spend {limit} in a {period}, and has {book} after {answer.data}"
    elif refusal is not None:
        asked = next(
            event.data["wanted"]
            for event in evidence.accounted.booked
            if (event.data["tenant"], event.data.get("task"), event.data.get("number"))
            == (tenant, answer.data["task"], answer.data["number"])
            and event.data.get("wanted") is not None
        )
        truly = False
        for period, book in books.of(tenant, asked["day"]):
            limit = getattr(evidence.accounted.budgets[tenant], period)
            truly |= limit is not None and _exceeds(_plus(book.spent, _money(asked["amount"])), limit)
        if not truly:
            yield f"{tenant} was refused {asked} though it would fit: {refusal}"


def _settle(books: _Books, said: Mapping[str, Any]) -> None:
    reserved, spent = _money(said["reserved"]["amount"]), said["spent"]
    took = (reserved[0] if spent.get("usd") is None else Decimal(spent["usd"]), spent.get("tokens") or 0)
    for _, book in books.of(said["tenant"], said["reserved"]["day"]):
        book.out = _minus(book.out, reserved)
        book.spent = _plus(book.spent, took)
        over = _minus(took, reserved)
        book.beyond = (book.beyond[0] + max(Decimal(), over[0]), book.beyond[1] + max(0, over[1]))


def _within_the_budget(evidence: Evidence) -> Iterator[str]:
    """Check what the questions of each tenant took, up to what was expected of each: beyond that nothing is said."""
    reserved = {(event.job, event.unit, event.plan): held for event, held in _reserved(evidence)}
    taken: dict[tuple[str, str, str], Money] = {}
    for event in evidence.every("steps.completed"):
        if (held := reserved.get((event.job, event.unit, event.plan))) is None:
            continue
        for period, name in (("day", held["day"]), ("month", held["day"][:7])):
            key = (event.job.tenant, period, name)
            taken[key] = _plus(taken.get(key, _NOTHING), _at_most(event, held["amount"]))
    for (tenant, period, name), took in taken.items():
        limit = getattr(evidence.accounted.budgets[tenant], period)
        if limit is not None and _exceeds(took, limit):
            yield f"{tenant} may spend {limit} in the {period} {name}, and its questions took {took}"


def _at_most(event: Happened, most: Mapping[str, Any]) -> Money:
    usage, usd = event.data.get("usage", {}), event.cost_usd or Decimal()
    tokens: int = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
    return (
        usd if most.get("usd") is None else min(usd, Decimal(most["usd"])),
        tokens if most.get("tokens") is None else min(tokens, most["tokens"]),
    )


def _reserved(evidence: Evidence) -> Iterator[tuple[Happened, Mapping[str, Any]]]:
    """Give each plan for which something was reserved, with that."""
    for topic in pair("steps.planned"):
        for event in evidence.every(topic):
            if (held := event.data["step"].get("reserved")) is not None:
                yield event, held


def _paid_and_settled_once(evidence: Evidence) -> Iterator[str]:
    """Check each plan of a tenant with a budget, and that no other has anything to do with one."""
    reserved = Counter[Any]((event.job, event.unit, event.plan) for event, _ in _reserved(evidence))
    for topic in pair("steps.planned"):
        for event in evidence.every(topic):
            paid = reserved[event.job, event.unit, event.plan]
            if bool(paid) != (event.job.tenant in evidence.accounted.budgets):
                yield f"{event.job} {event.unit} plan {event.plan} has something reserved {paid} times"
    settled = Counter(
        (
            (said["tenant"], said["job_id"], said.get("run", 0), said.get("revision", 0)),
            (said["step_id"], said.get("item")),
            said.get("plan", 0),
        )
        for said in (event.data for event in evidence.accounted.booked)
        if "spent" in said
    )
    for each in dict.fromkeys([*reserved, *settled]):
        if (reserved[each], settled[each]) != (1, 1):
            yield f"{each} was reserved for {reserved[each]} times, and settled {settled[each]} times"


def _purses_add_up(evidence: Evidence) -> Iterator[str]:
    """Check each task: what it has drawn it has given back, reserved, or still holds."""
    left = _drawn_and_left(evidence)
    yield from (f"{task} has paid {money} more than it had drawn" for task, money in left.items() if _is_short(money))
    held: dict[str, Money] = {}
    for value in evidence.accounted.purses:
        purse = orjson.loads(value)
        amount = _money(purse.get("left", {}))
        held[purse["tenant"]] = _plus(held.get(purse["tenant"], _NOTHING), amount)
    wanted: dict[str, Money] = {}
    for (tenant, _), money in left.items():
        wanted[tenant] = _plus(wanted.get(tenant, _NOTHING), money)
    for tenant, money in wanted.items():
        if held.get(tenant, _NOTHING) != money:
            yield f"purses of {tenant} should hold {money}, and hold {held.get(tenant)}"


def _drawn_and_left(evidence: Evidence) -> Mapping[tuple[str, int], Money]:
    """Give what each task must hold of each tenant's budget."""
    left: dict[tuple[str, int], Money] = {}

    def move(whose: tuple[str, int], amount: Mapping[str, Any], change: Callable[[Money, Money], Money]) -> None:
        left[whose] = change(left.get(whose, _NOTHING), _money(amount))

    for event in evidence.accounted.answered:
        if (granted := event.data.get("granted")) is not None:
            move((event.data["tenant"], event.data["task"]), granted["amount"], _plus)
    for event in evidence.accounted.booked:
        if (returned := event.data.get("returned")) is not None:
            move((event.data["tenant"], event.data["task"]), returned["amount"], _minus)
    for event, held in _reserved(evidence):
        move((event.job.tenant, event.head["home_partition"]), held["amount"], _minus)
    return left


def _nothing_waits(evidence: Evidence) -> Iterator[str]:
    yield from (f"{value!r} still waits for its budget" for value in evidence.accounted.parked)


def _warned_once(evidence: Evidence) -> Iterator[str]:
    """Check the warnings of each tenant: each share that was reached, once a period, and no other."""
    books = _Books()
    for event in evidence.accounted.booked:
        if "spent" in event.data:
            _settle(books, event.data)
    wanted = Counter[Any]()
    for (tenant, name), book in books.books.items():
        period = "day" if len(name) == len("2026-11-27") else "month"
        limit, shares = getattr(evidence.accounted.budgets[tenant], period), evidence.accounted.budgets[tenant].warn_at
        if limit is not None:
            wanted.update((tenant, period, share) for share in shares if _reached(book, limit, share))
    found = Counter(
        (event.data["tenant"], event.data["period"], event.data["share"]) for event in evidence.accounted.warned
    )
    for each in dict.fromkeys([*wanted, *found]):
        if wanted[each] != found[each]:
            yield f"of {each} there should be {wanted[each]} warnings, and are {found[each]}"


def _reached(book: _Book, limit: Limit, share: float) -> bool:
    (usd, tokens), part = book.spent, Decimal(str(share))
    of_usd = limit.usd is not None and usd >= limit.usd * part
    return of_usd or (limit.tokens is not None and tokens >= limit.tokens * part)


def _budgets_only(evidence: Evidence) -> Iterator[str]:
    """Check that nobody else runs out of a budget, and that nothing is said of it."""
    for event in (*evidence.accounted.booked, *evidence.accounted.answered, *evidence.accounted.warned):
        if event.data["tenant"] not in evidence.accounted.budgets:
            yield f"{event.data['tenant']} has no budget, and there is {event.data}"


PURSES: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "no more is drawn than a tenant may spend, and refused is only what would not fit": _never_more_out_than_may_be,
    "a tenant keeps within its budget": _within_the_budget,
    "each question of a tenant with a budget is paid for, and settled once": _paid_and_settled_once,
    "a purse holds what was drawn and not used": _purses_add_up,
    "no question waits for its budget for ever": _nothing_waits,
    "a tenant is warned once of each share of each period": _warned_once,
    "a tenant without a budget has nothing to do with one": _budgets_only,
}


def _exceeds(money: Money, limit: Limit) -> bool:
    usd, tokens = money
    return (limit.usd is not None and usd > limit.usd) or (limit.tokens is not None and tokens > limit.tokens)


def _is_short(money: Money) -> bool:
    return money[0] < 0 or money[1] < 0


def _money(amount: Mapping[str, Any]) -> Money:
    return Decimal(amount.get("usd") or 0), amount.get("tokens") or 0


def _plus(one: Money, other: Money) -> Money:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: Money, other: Money) -> Money:
    return one[0] - other[0], one[1] - other[1]
