"""Decides how much of a tenant's budget a task may draw: enough, or nothing yet, or nothing any more. Pure.

Never is more granted than the limit less what is spent and what is out. Refused is only what would not fit if all that
is out came back unused: so a question that fits waits for others to be settled, and is not refused on their account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from headchef_contracts.events.budgets import Amount
from headchef_contracts.events.tenants import Limit

from headchef.accounts.budgets.sums import Sums
from headchef.tenants.periods import next_after

POLICY_VERSION = "accounts/1"

MOST_QUESTIONS = 64
"""Like the one that is asked for, which a task may draw for at once: an account is asked once for so many at most."""

_SHARED_OUT = Decimal("0.5")
"""Of what is left, by all tasks that have asked; what one does not use of it is called back when it is needed."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of a tenant, and how its period stands."""

    limit: Limit
    sums: Sums


@dataclass(frozen=True, slots=True)
class Granted:
    """So much may be drawn; None for what nothing bounds."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not fit in this period any more, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Waits:
    """It may fit when something comes back that is out."""


def judge(wanted: Amount, bounds: Sequence[Bound], tasks: int) -> Granted | Refused | Waits:
    """Decide.

    Args:
        wanted: what the next question is expected to take.
        bounds: of the tenant, of the periods that the question would count for.
        tasks: that have asked this account so far.
    """
    for bound in bounds:
        if (why := _beyond(wanted, bound)) is not None:
            return Refused(why)
    usd, tokens = _left_usd(bounds), _left_tokens(bounds)
    if not bounds:
        return Granted(wanted)
    if (usd is not None and (wanted.usd or 0) > usd) or (tokens is not None and (wanted.tokens or 0) > tokens):
        return Waits()
    share = _SHARED_OUT / max(1, tasks)
    fits = [
        int(left * share / each)
        for left, each in ((usd, wanted.usd), (None if tokens is None else Decimal(tokens), wanted.tokens))
        if left is not None and each
    ]
    times = max(1, min([MOST_QUESTIONS, *fits]))
    return Granted(
        Amount(
            usd=None if usd is None else (wanted.usd or Decimal()) * times,
            tokens=None if tokens is None else (wanted.tokens or 0) * times,
        )
    )


def shares_reached(bound: Bound, warn_at: Sequence[float]) -> tuple[float, ...]:
    """Give the shares of a limit that are spent, and were not warned of."""
    used = max(
        _share(bound.sums.spent_usd, bound.limit.usd),
        _share(Decimal(bound.sums.spent_tokens), None if bound.limit.tokens is None else Decimal(bound.limit.tokens)),
    )
    return tuple(share for share in warn_at if used >= Decimal(str(share)) and share not in bound.sums.warned)


def _share(spent: Decimal, limit: Decimal | None) -> Decimal:
    if limit is None:
        return Decimal()
    # Nothing may be spent: whatever is, is all of it.
    return spent / limit if limit else Decimal(1 if spent else 0)


def _beyond(wanted: Amount, bound: Bound) -> str | None:
    """Say why something would not fit even if all that is out came back; None if it might."""
    limit, sums = bound.limit, bound.sums
    whose = f"the budget of the tenant {sums.tenant!r} for the {sums.period} {_named(sums)}"
    next_at = next_after(sums.period, sums.begins).isoformat().replace("+00:00", "Z")
    if limit.usd is not None:
        if wanted.usd is None:
            return f"{whose} is {limit.usd} USD, and the catalogue has no price for the model that is to be asked"
        if sums.spent_usd + wanted.usd > limit.usd:
            return (
                f"{whose}: {sums.spent_usd} of {limit.usd} USD are spent, and some {wanted.usd} more are needed; the"
                f" next {sums.period} begins {next_at}"
            )
    if limit.tokens is not None and sums.spent_tokens + (wanted.tokens or 0) > limit.tokens:
        return (
            f"{whose}: {sums.spent_tokens:,} of {limit.tokens:,} tokens are spent, and some {wanted.tokens or 0:,} more"
            f" are needed; the next {sums.period} begins {next_at}"
        )
    return None


def _named(sums: Sums) -> str:
    return sums.begins if sums.period == "day" else sums.begins[:7]


def _left_usd(bounds: Sequence[Bound]) -> Decimal | None:
    left = [each.limit.usd - each.sums.spent_usd - each.sums.out_usd for each in bounds if each.limit.usd is not None]
    return min(left, default=None)


def _left_tokens(bounds: Sequence[Bound]) -> int | None:
    left = [
        each.limit.tokens - each.sums.spent_tokens - each.sums.out_tokens
        for each in bounds
        if each.limit.tokens is not None
    ]
    return min(left, default=None)
