"""The budgets that tenants have in some worlds: from one that is spent at once to one that is never spent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from headchef_contracts.events.tenants import Limit, TenantBudget, TenantSet

from headchef.cli.broadcast import entry
from headchef.runtime.log.port import NewRecord
from headchef.tenants import TOPIC
from tests.simulation.kinds import Kind
from tests.support.virtual_time import START

_WORLDS = 0.2
_BOUNDED = ("globex", "acme")
_QUESTION_TOKENS, _QUESTION_USD = 1_050, Decimal("0.0007")
"""What a question is expected to take, most often: its answer has no limit, and the model that is asked is cheap."""

_QUESTIONS = (0.5, 2, 6, 20, 1_000)
"""So many may be under way at once; of what they are expected to take answers take a fifth."""


def drawn_budgets(chance: Random, kind: Kind) -> Mapping[str, TenantBudget]:
    """Draw which tenants have which budget; in most worlds none has any.

    Not where steps are lost: what was reserved for them is held back until the period ends, longer than a world. Nor at
    least once: what is said twice there, and the other way when it is said again, is bounded by nothing that the log
    tells.
    """
    if kind.expires or kind.guarantee != "exactly_once" or chance.random() >= _WORLDS:
        return {}
    tenants = _BOUNDED[: 1 + int(chance.random() < 0.3)]
    return {tenant: _budget(chance) for tenant in tenants}


def tenants_set(namespace: str, budgets: Mapping[str, TenantBudget], bound: Sequence[str]) -> Sequence[NewRecord]:
    """Give the records that set them, and bind some tenants to entries of their own names."""
    events = [TenantSet(tenant=name, budget=each, by="operator", set_at=START) for name, each in budgets.items()]
    events += [TenantSet(tenant=name, entries=(name,), by="operator", set_at=START) for name in bound]
    return [entry(event, TOPIC, namespace, START, f"tenant {number}") for number, event in enumerate(events)]


def _budget(chance: Random) -> TenantBudget:
    day, month = (_limit(chance) if chance.random() < 0.7 else None for _ in range(2))
    return TenantBudget(day=day if month or day else _limit(chance), month=month)


def _limit(chance: Random) -> Limit:
    questions = chance.choice(_QUESTIONS)
    usd = _QUESTION_USD * Decimal(str(questions)) if chance.random() < 0.7 else None
    tokens = int(_QUESTION_TOKENS * questions) if usd is None or chance.random() < 0.4 else None
    return Limit(usd=usd, tokens=tokens)
