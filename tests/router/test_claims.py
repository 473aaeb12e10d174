"""Who may claim a tenant: a record of an entry that it is bound to; any other changes nothing."""

from typing import Any

import pytest

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.tenants import TenantSet

from headchef.batches.telling import of_refused
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import NOON, make_job

BOUND, PUBLIC = "jobs.submitted.acme", "jobs.submitted"


async def bound(door: Door, *entries: str, tenant: str = "acme") -> None:
    await door.tenants.take(TenantSet(tenant=tenant, entries=entries, by="ann", set_at=NOON))


def refusal(outcome: Outcome) -> JobRefused | None:
    """Give what is told of a record that was refused, with its bytes laid aside; None of one that was taken."""
    if not any(isinstance(each, DeadLetter) for each in outcome.outputs):
        return None
    letter, emitted = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, JobRefused)
    assert letter.reason == emitted.event.reason
    return emitted.event


@pytest.mark.parametrize(
    ("tenant", "topic", "taken"),
    [
        ("acme", BOUND, True),
        ("acme", f"{BOUND}.bulk", True),
        ("acme", "jobs.submitted.partners", True),
        ("acme", "jobs.submitted.others", False),
        ("acme", PUBLIC, False),
        ("acme", f"{PUBLIC}.bulk", False),
        ("globex", PUBLIC, True),
        ("globex", BOUND, False),
        ("ACME", BOUND, False),
        ("ACME", PUBLIC, True),
        (None, PUBLIC, True),
        (None, f"{BOUND}.bulk", False),
    ],
)
async def test_a_tenant_is_claimed_by_its_entries_alone(
    door: Door, tenant: str | None, topic: str, taken: bool
) -> None:
    await bound(door, "partners", "acme")
    job = make_job() if tenant is None else make_job(tenant=tenant)
    refused = refusal(await door.submit(job, topic=topic))
    assert (refused is None) == taken
    if refused is not None:
        assert (refused.reason, refused.field) == ("tenant_not_allowed", "tenant")
        assert refused.dead_letter_topic == f"{topic}.dlq"


@pytest.mark.parametrize(
    ("job", "topic", "said"),
    [
        ({"tenant": "acme"}, PUBLIC, "not taken from jobs.submitted: publish them to jobs.submitted.acme, or name"),
        ({"tenant": "globex"}, BOUND, "'globex' is not bound to the entry 'acme': publish its jobs to jobs.submitted,"),
        ({}, BOUND, "the tenant 'default' is not bound"),
    ],
)
async def test_a_refusal_says_where_the_jobs_are_taken(door: Door, job: dict[str, Any], topic: str, said: str) -> None:
    await bound(door, "acme")
    refused = refusal(await door.submit(make_job(**job), topic=topic))
    assert refused is not None
    assert said in refused.message


@pytest.mark.parametrize(
    "claim",
    [
        make_job(tenant="acme", batch_id="spring", batch_size=1),
        make_job(tenant="acme", batch_id="spring", batch_size=1, prompt="Other content."),
        make_job(tenant="acme", batch_id="spring", model="nonesuch"),
        {"tenant": "acme", "batch_id": "spring", "batch_size": 1},
        {"job_id": 7, "tenant": "acme", "batch_id": "spring"},
    ],
)
async def test_a_wrong_claim_changes_nothing_and_learns_nothing(door: Door, claim: dict[str, Any]) -> None:
    await bound(door, "acme")
    await door.submit(make_job(tenant="acme", batch_id="spring", batch_size=1), topic=BOUND)
    before = dict(door.state.values)
    outcome = await door.submit(claim, topic=PUBLIC)
    refused = refusal(outcome)
    assert refused is not None
    assert refused.reason == "tenant_not_allowed", "the same, whatever ids the tenant has used"
    assert (outcome.changes, outcome.timers, outcome.cleared) == ((), (), ())
    assert door.state.values == before
    assert (refused.tenant, refused.batch_id, refused.batch_size) == (None, None, None)
    assert of_refused(refused, refused.decided) is None, "the tenant's batch does not count it"


@pytest.mark.parametrize("tenant", [7, None, ["acme"], "x" * 300])
async def test_a_tenant_that_cannot_be_read_counts_in_no_bound_batch(door: Door, tenant: object) -> None:
    await bound(door, "acme", tenant="default")
    refused = refusal(await door.submit(make_job(tenant=tenant, batch_id="spring"), topic=PUBLIC))
    assert refused is not None
    assert of_refused(refused, refused.decided) is None


async def test_what_is_not_at_home_is_refused_where_it_is(door: Door) -> None:
    await bound(door, "acme")
    for partition in range(3):
        outcome = await door.submit(make_job(tenant="acme"), topic=PUBLIC, partition=partition)
        assert refusal(outcome) is not None


async def test_a_job_of_an_entry_is_of_the_class_of_its_topic(door: Door) -> None:
    await bound(door, "acme")
    for topic, planned in ((BOUND, "steps.planned"), (f"{BOUND}.bulk", "steps.planned.bulk")):
        [emitted] = (await door.submit(make_job(tenant="acme", job_id=topic), topic=topic)).outputs
        assert isinstance(emitted, Emit)
        assert emitted.topic == planned


async def test_a_tenant_is_freed_again(door: Door) -> None:
    await bound(door, "acme")
    await bound(door)
    assert refusal(await door.submit(make_job(tenant="acme"), topic=PUBLIC)) is None
    assert refusal(await door.submit(make_job(tenant="acme", job_id="other"), topic=BOUND)) is not None


async def test_what_cannot_be_read_shuts(door: Door) -> None:
    await door.tenants.shut(b"globex", "version 9")
    for topic in (PUBLIC, BOUND):
        refused = refusal(await door.submit(make_job(tenant="globex"), topic=topic))
        assert refused is not None
        assert "a newer release" in refused.message


async def test_what_cannot_be_read_keeps_the_former_binding(door: Door) -> None:
    await bound(door, "acme")
    await door.tenants.shut(b"acme", "version 9")
    assert refusal(await door.submit(make_job(tenant="acme"), topic=PUBLIC)) is not None
    outcome = await door.submit(make_job(tenant="acme"), topic=BOUND)
    assert not any(isinstance(each, DeadLetter) for each in outcome.outputs)
