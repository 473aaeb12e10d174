"""What jobs have reserved, as it is listed and taken away, and as a job's story tells it."""

from typing import Any

import pytest
from typer.testing import CliRunner

from headchef_contracts import placement, topics
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.reservations import ReservationAnswered, ReservationFailure

from headchef.accounts.reservations.records import Claim, Holder
from headchef.cli.__main__ import app
from headchef.cli.broadcast import publish
from headchef.cli.faults import WorkFailed
from headchef.cli.history.describe import describe
from headchef.cli.history.gather import gather
from headchef.cli.history.hop import Hop
from headchef.cli.reservations.reading import CHANGELOG, Held, Wanted, held
from headchef.cli.reservations.running import record_of, released_of
from headchef.homes import HOMES
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.unique import account_of
from tests.accounts.builders import SITE, make_asked, make_released
from tests.cli.builders import make_finished
from tests.cli.clusters import NAMESPACE, make_log, put, put_event
from tests.support.builders import NOON, make_decided, make_head


def holder(job_id: str = "a", value: str = "Best of Ghent", *claims: Claim) -> Holder:
    return Holder(job_id=job_id, value=value, since=NOON, claims=claims or (Claim(0, 0),))


async def hold(log: MemoryLog, value: str, job_id: str | None, **where: str) -> None:
    about = {"tenant": "default", "site": SITE, "name": "title"} | where
    account = account_of(about["tenant"], about["site"], about["name"], value)
    written = None if job_id is None else holder(job_id, value).written()
    await put(log, CHANGELOG, written, account.encode(), placement.partition_for(account.encode(), HOMES))


async def listed(log: MemoryLog, tenant: str = "default", **wanted: str) -> list[tuple[str, str, str, str]]:
    found = await held(log, NAMESPACE, Wanted(tenant, **wanted), lambda done, total: None)
    return [(each.site, each.name, each.holder.value, each.holder.job_id) for each in found]


@pytest.fixture
async def log() -> MemoryLog:
    log = make_log()
    await hold(log, "Canals", "a")
    await hold(log, "Towers", "b")
    await hold(log, "Towers", "c")
    await hold(log, "Beer", "d")
    await hold(log, "Beer", None)
    await hold(log, "canals", "a", name="slug")
    await hold(log, "Canals", "e", site="bruges.example/shop")
    await hold(log, "Canals", "f", tenant="acme")
    return log


async def test_what_is_held_is_listed_as_it_is_now_tenant_by_tenant(log: MemoryLog) -> None:
    assert await listed(log) == [
        ("bruges.example/shop", "title", "Canals", "e"),
        (SITE, "slug", "canals", "a"),
        (SITE, "title", "Canals", "a"),
        (SITE, "title", "Towers", "c"),
    ]
    assert await listed(log, "acme") == [(SITE, "title", "Canals", "f")]
    assert await listed(log, "nobody") == []


@pytest.mark.parametrize(
    ("wanted", "jobs"),
    [
        ({"site": "bruges.example/shop"}, ["e"]),
        ({"name": "title", "site": SITE}, ["a", "c"]),
        ({"job_id": "a"}, ["a", "a"]),
        ({"site": SITE, "name": "title", "value": " TOWERS "}, ["c"]),
        ({"site": SITE, "name": "title", "value": "Tower"}, []),
    ],
)
async def test_some_of_it_can_be_asked_for(log: MemoryLog, wanted: dict[str, str], jobs: list[str]) -> None:
    assert [row[3] for row in await listed(log, **wanted)] == jobs


async def test_a_cluster_without_accounts_says_so() -> None:
    with pytest.raises(WorkFailed, match="there is no topic headchef"):
        await listed(MemoryLog(Cluster(SystemClock())))


async def test_what_is_taken_away_goes_to_the_task_that_keeps_the_account() -> None:
    cluster, name = Cluster(SystemClock()), topics.physical(NAMESPACE, "reservations.asked")
    cluster.create_topic(name, 2 * HOMES)
    claims = Claim(0, 1), Claim(2, 0)
    one = Held(account_of("acme", SITE, "title", "x"), SITE, "title", holder("a", "x", *claims))
    event = released_of(one, "acme", "ann@desk-7")
    assert (event.job_id, event.revision, event.run, event.earlier) == ("a", 2, 0, True)
    producer = MemoryLog(cluster).producer("test", None)
    await producer.start()
    await publish(producer, record_of(event, NAMESPACE, NOON))
    [record] = cluster.read_committed(name)
    assert record.key == event.account.encode()
    assert record.partition == placement.partition_for(event.account.encode(), HOMES)


def test_it_is_asked_before_anything_is_taken() -> None:
    typed = ["reservation", "release", "Best of Ghent", "--site", SITE, "--name", "title"]
    result = CliRunner().invoke(app, typed)
    assert result.exit_code == 2
    assert "there is nobody to ask here" in result.output
    assert CliRunner().invoke(app, typed[:-2]).exit_code == 2


def told(**fields: Any) -> ReservationAnswered:
    asked = make_asked("job-1", item="7")
    about = {"account": asked.account, "job": asked.job, "workflow": "page@1", "step_id": "title", "item": "7"}
    return ReservationAnswered.model_validate({**about, "decided": make_decided(), **fields})


async def test_the_story_of_a_job_tells_what_it_wanted_and_who_has_it() -> None:
    log, head = make_log(), make_head("job-1")
    submitted = JobSubmitted(job_id="job-1", workflow="page@1")
    await put_event(log, "jobs.submitted", submitted, b"job-1")
    asked = make_asked("job-1", item="7")
    key = asked.account.encode()
    failure = ReservationFailure(reason="taken", message="the title is held by the job 'b'")
    await put_event(log, "reservations.asked", make_asked("other"), key)
    await put_event(log, "reservations.asked", asked, key)
    answered = told(failure=failure, taken_by="other")
    await put_event(log, "reservations.answered", answered, b"job-1", head.home_partition)
    await put_event(log, "reservations.asked", make_released("job-1"), key)
    taken = make_released("job-1").model_copy(update={"by": "ann@desk-7", "decided": None})
    await put_event(log, "reservations.asked", taken, key)
    finished = make_finished("job-1", "x").model_copy(update={"job": head})
    await put_event(log, "jobs.finished", finished, b"job-1")
    history = await gather(log, namespace=NAMESPACE, job_id="job-1", max_records=1_000, progress=lambda *_: None)
    words = [describe(hop) for hop in history.hops]
    assert words[1:4] == [
        f"title[7]: wants the title 'Best of Ghent' on {SITE}",
        "title[7]: does not get it: taken: the title is held by the job 'b'",
        f"gives back the title 'best of ghent' on {SITE}",
    ]
    assert words[4] == f"ann@desk-7 takes away the title 'best of ghent' on {SITE}"
    assert not history.missing


def test_a_value_that_a_job_gets_is_told_in_a_few_words() -> None:
    event = told(output=Inline(inline="x"))
    hop = Hop("reservations.answered", 0, 0, 1, event.event_type, "e", event, None, b"{}")
    assert describe(hop) == "title[7]: has it"
