"""A process knows which tenants have a budget; what it cannot read lets nobody spend without a bound."""

from decimal import Decimal

import pytest

from headchef_contracts.events.tenants import Limit, TenantBudget, TenantSet

from headchef.runtime.errors import InvalidEvent
from headchef.tenants import TOPIC, TenantsInForce
from tests.support.builders import NOON, make_judged

BUDGET = TenantBudget(day=Limit(usd=Decimal(1)))


def said(budget: TenantBudget | None = BUDGET, tenant: str = "acme") -> TenantSet:
    return TenantSet(tenant=tenant, budget=budget, by="ann@desk-7", set_at=NOON)


async def test_what_was_said_last_of_a_tenant_holds() -> None:
    in_force = TenantsInForce("router")
    assert in_force.broadcast.topic == TOPIC
    assert not in_force
    await in_force.broadcast.taker(said())
    assert in_force
    assert (in_force.is_bounded("acme"), in_force.budget_of("acme")) == (True, BUDGET)
    assert (in_force.is_bounded("globex"), in_force.budget_of("globex")) == (False, None)
    await in_force.take(said(None))
    assert (in_force.is_bounded("acme"), bool(in_force)) == (False, False)


async def test_another_event_is_refused_and_changes_nothing() -> None:
    in_force = TenantsInForce("router")
    with pytest.raises(InvalidEvent, match="StepJudged in place of TenantSet"):
        await in_force.take(make_judged())
    assert not in_force


async def test_a_first_entry_that_cannot_be_read_shuts_until_one_can() -> None:
    in_force = TenantsInForce("router")
    refused = in_force.broadcast.refused
    assert refused is not None
    await refused(b"acme", "version 9")
    assert (in_force.is_bounded("acme"), in_force.budget_of("acme")) == (True, None)
    assert in_force.shut_by("acme") == "version 9"
    await in_force.take(said(None))
    assert (in_force.is_bounded("acme"), in_force.shut_by("acme")) == (False, None)


async def test_where_a_budget_was_read_before_it_holds_on() -> None:
    in_force = TenantsInForce("router")
    await in_force.take(said())
    await in_force.shut(b"acme", "version 9")
    assert (in_force.budget_of("acme"), in_force.shut_by("acme")) == (BUDGET, None)


async def test_what_names_no_tenant_shuts_none() -> None:
    in_force = TenantsInForce("router")
    await in_force.shut(None, "no key")
    assert not in_force
