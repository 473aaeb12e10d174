"""What `headchef pause`, `resume` and `cancel` refuse and say, on a log in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from headchef_contracts import registry, topics
from headchef_contracts.events.brakes import BrakeScope
from headchef_contracts.events.steps import StepPlanned

from headchef.brakes import TOPIC
from headchef.cli.__main__ import app
from headchef.cli.braking.reading import brakes_set
from headchef.cli.braking.running import event_of, meant
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.history.explanation import as_json
from headchef.cli.history.gather import History, gather
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.cli.stopping import ACME, finish, options, say, stands, submit
from tests.executor.fakes import make_dispatched
from tests.support.braking import make_brake
from tests.support.builders import make_decided, make_head, make_job, make_step


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"tenant": "acme"}, "tenant=acme"),
        ({"batch": "spring"}, "batch=spring"),
        ({"batch": "spring", "tenant": "acme"}, "batch:acme=spring"),
        ({"lane": "default"}, "lane=default"),
        ({"label": "team=blue=1"}, "label:team=blue=1"),
        ({"label": "team="}, "label:team="),
        ({"job": "a"}, "job=default/a"),
        ({"job": "a", "tenant": "acme"}, "job=acme/a"),
    ],
)
def test_one_option_names_a_scope(given: dict[str, str], name: str) -> None:
    assert options(**given).scope().name == name


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "nothing says what is meant"),
        ({"tenant": "acme", "lane": "default"}, "--tenant and --lane cannot be given together"),
        ({"batch": "spring", "job": "a"}, "--batch and --job cannot be given together"),
        ({"job": "a", "tenant": "acme", "lane": "default"}, "--lane and --job cannot be given together"),
        ({"label": "team"}, '--label: "team" is not a label'),
        ({"label": "=blue"}, '--label: "=blue" is not a label'),
        ({"tenant": ""}, '--tenant: "" cannot be: String should have at least 1 character'),
        ({"batch": "a\nb"}, "--batch: "),
        ({"label": f"team={'x' * 201}"}, "at most 200 characters"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(given: dict[str, str], says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        options(**given).scope()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["pause"], "nothing says what is meant"),
        (["cancel", "--tenant", "acme"], "there is nobody to ask here"),
        (["resume", "--tenant", "acme", "--json"], "there is nobody to ask here"),
        (["pause", "--tenant", "acme", "--yes", "--because", "x" * 501], "--because: has 501 characters; at most 500"),
    ],
)
def test_wrong_usage_ends_with_2_before_the_cluster_is_asked(typed: list[str], says: str) -> None:
    result = CliRunner().invoke(app, typed, env={"HEADCHEF_KAFKA": "nowhere.test:1"})
    assert (result.exit_code, says in result.output) == (2, True), result.output


async def test_a_cluster_without_the_topic_says_how_to_make_it() -> None:
    cluster = Cluster(SystemClock())
    with pytest.raises(WrongUsage, match=r"no topic headchef\.brakes\.v1") as caught:
        await stands(MemoryLog(cluster))
    assert "topics create" in caught.value.hint
    cluster.create_topic(topics.physical(NAMESPACE, TOPIC), 1)
    with pytest.raises(WorkFailed, match=r"there is no topic headchef\.jobs\.submitted\.v1"):
        await stands(MemoryLog(cluster))


async def test_what_is_said_is_read_and_what_cannot_be_read_is_counted() -> None:
    log = make_log()
    await say(log, make_brake("pause"), make_brake("cancel", lane="default"), make_brake("pause", batch_id="spring"))
    await put(log, TOPIC, b"no event", b"x", 0)
    await put(log, TOPIC, None, b"pause tenant=gone", 0)
    await say(log, make_brake("resume"))
    brakes, unreadable = await brakes_set(log, NAMESPACE)
    assert [(each.action, each.scope.name) for each in brakes] == [
        ("pause", "batch=spring"),
        ("cancel", "lane=default"),
    ]
    assert unreadable == 1


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ({"tenant": "acme"}, "tenant=acme was paused by ann@desk-7: wrong prices"),
        ({"lane": "other"}, "lane=other was paused by ann@desk-7: wrong prices"),
        ({"lane": "default"}, None),
    ],
)
async def test_the_story_of_a_job_says_what_holds_it(scope: dict[str, Any], held: str | None) -> None:
    log, head = make_log(("default", "other")), make_head("job-1", tenant="acme")
    await submit(log, make_job("job-1", tenant="acme"))
    await put_event(log, "steps.dispatched.other", make_dispatched(make_step("hi", job=head, lane="other")), None, 0)
    step = make_step("hi", job=head, lane="other")
    await put_event(log, "steps.planned", StepPlanned(step=step, decided=make_decided()), step.fingerprint.encode())
    await say(log, make_brake("pause", because="wrong prices", **scope))

    async def story() -> History:
        return await gather(
            log, namespace=NAMESPACE, job_id="job-1", max_records=1_000, progress=lambda topic, done, total: None
        )

    history = await story()
    assert (history.held, as_json("job-1", history)["held"]) == (held, held)
    await finish(log, head)
    assert (await story()).held is None


async def test_a_cancel_concerns_all_that_was_counted_though_this_clock_is_behind() -> None:
    log = make_log()
    await submit(log, make_job("job-1", tenant="acme"))
    await submit(log, make_job("job-2", tenant="other"))
    found = await stands(log)
    early = datetime.now(UTC) - timedelta(hours=1)
    event = event_of("cancel", ACME, found, because="no", by="ann", now=early)
    assert early + timedelta(minutes=59) < event.set_at <= datetime.now(UTC)
    assert event_of("pause", ACME, found, because=None, by="ann", now=early).set_at == early
    late = datetime.now(UTC) + timedelta(hours=1)
    assert event_of("cancel", ACME, found, because=None, by="ann", now=late).set_at == late
    assert registry.decode(event.event_type, 1, registry.encode(event)) == event


@pytest.mark.parametrize(
    ("named", "lifted"),
    [
        ({"batch_id": "spring"}, ["batch=spring", "batch:acme=spring", "batch:other=spring"]),
        ({"batch_id": "spring", "tenant": "acme"}, ["batch:acme=spring"]),
        ({"batch_id": "spring", "tenant": "third"}, []),
        ({"batch_id": "summer"}, []),
        ({"tenant": "acme"}, ["tenant=acme"]),
    ],
)
async def test_a_batch_is_resumed_for_every_tenant_unless_one_is_named(
    named: dict[str, Any], lifted: list[str]
) -> None:
    log = make_log()
    set_before: list[dict[str, Any]] = [
        {"batch_id": "spring"},
        {"batch_id": "spring", "tenant": "acme"},
        {"batch_id": "spring", "tenant": "other"},
        {"batch_id": "autumn", "tenant": "acme"},
        {"tenant": "acme"},
    ]
    for scope in set_before:
        await say(log, make_brake("pause", **scope))
    found = await stands(log)
    assert [each.name for each in meant("resume", BrakeScope(**named), found)] == lifted
    assert [each.name for each in meant("pause", BrakeScope(**named), found)] == [BrakeScope(**named).name]
