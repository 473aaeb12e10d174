"""The demo's parts: its rows and jobs, the choice of a model, the estimate, and the spend cap."""

import asyncio
import tomllib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import EntryPoint
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from headchef_contracts import registry
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.catalogue import DEFAULT_PATH, Prices
from headchef.cli.demo.cooking import Cooking, CookingPolicy
from headchef.cli.demo.data import cars, cities
from headchef.cli.demo.estimate import estimate
from headchef.cli.demo.jobs import demo_jobs, repeated
from headchef.cli.demo.landing import audited_page, landing_page
from headchef.cli.demo.sources import host_of, landing_workflow, listening, serving_facts
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.following.feed import open_feed
from headchef.cli.kitchen.menu import choose
from headchef.cli.submission.rendering import rendered
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import MemoryLog
from headchef.schema.compiled import compile_schema
from tests.cli.builders import make_finished, make_job
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.support.eventually import PATIENCE_S

FACTS_AT = "127.0.0.1:8765"


def test_the_rows_are_all_there() -> None:
    assert (len(cars()), len(cities())) == (406, 200)
    assert cars()[0]["name"] == "Chevrolet Chevelle Malibu"
    assert cars()[0]["attributes"]["power"] == "130 hp"
    assert cities()[0]["place"] == "Shanghai"


def test_every_job_keeps_the_contract_and_can_be_rendered() -> None:
    jobs = demo_jobs("demo-x", None, FACTS_AT)
    assert Counter(each.kind for each in jobs) == {"product": 406, "landing page": 200}
    assert len({each.job.job_id for each in jobs}) == 606
    for each in jobs:
        registry.decode(each.job.event_type, 1, registry.encode(each.job))
    assert "- power: 130 hp\n" in rendered(jobs[0].job).user
    compile_schema(jobs[0].job.output.json_schema or {})
    assert {each.job.workflow for each in jobs if each.kind == "landing page"} == {"landing-page-demo-x@1"}


def test_a_few_jobs_are_of_both_kinds_and_a_tenth_is_repeated_under_new_ids() -> None:
    assert Counter(each.kind for each in demo_jobs("d", 10, FACTS_AT)) == {"product": 5, "landing page": 5}
    jobs = demo_jobs("d", None, FACTS_AT)
    again = repeated(jobs)
    assert len(again) == 61
    assert not {each.job.job_id for each in again} & {each.job.job_id for each in jobs}
    assert again[0].job.prompt == jobs[0].job.prompt


@pytest.mark.parametrize(
    ("environ", "kind", "model"),
    [
        ({}, "simulator", None),
        ({"HEADCHEF_CATALOGUE": str(DEFAULT_PATH), "HEADCHEF_MODEL": "m"}, "catalogue", "simulated"),
        ({"OPENAI_API_KEY": "k"}, "simulator", None),
        ({"HEADCHEF_MODEL": "m", "OPENAI_API_KEY": "k"}, "endpoint", "m"),
        ({"HEADCHEF_MODEL": "m", "OPENAI_BASE_URL": "http://h/v1"}, "endpoint", "m"),
    ],
)
def test_the_environment_chooses_the_model(environ: dict[str, str], kind: str, model: str | None) -> None:
    menu = choose(environ)
    assert (menu.kind, menu.model) == (kind, model)
    assert bool(menu.remark) == (environ.keys() == {"OPENAI_API_KEY"})


def test_a_price_is_known_at_the_providers_own_endpoint_only() -> None:
    own = {"HEADCHEF_MODEL": "gpt-4o-mini", "OPENAI_API_KEY": "k"}
    assert choose(own).prices is not None
    assert choose(own | {"OPENAI_BASE_URL": "http://other/v1"}).prices is None
    assert "made-up-secret" not in (choose(own | {"OPENAI_API_KEY": "made-up-secret"}).catalogue or "")


def test_a_model_needs_an_endpoint() -> None:
    with pytest.raises(WrongUsage, match="HEADCHEF_MODEL"):
        choose({"HEADCHEF_MODEL": "m"})


def test_the_estimate_grows_with_the_jobs_and_is_unknown_without_prices() -> None:
    prices = Prices(Decimal(1), Decimal(2), Decimal(1), Decimal(1))
    ten, twenty = estimate(demo_jobs("d", 10, FACTS_AT), prices), estimate(demo_jobs("d", 20, FACTS_AT), prices)
    assert ten.cost_usd is not None
    assert twenty.cost_usd is not None
    assert 0 < ten.cost_usd < twenty.cost_usd < 1
    assert estimate(demo_jobs("d", 10, FACTS_AT), None).cost_usd is None


def test_the_landing_workflow_is_one_that_the_services_lead(tmp_path: Path) -> None:
    workflow = landing_workflow("demo-x", "127.0.0.1:4711", tmp_path)
    assert workflow.name == demo_jobs("demo-x", None, FACTS_AT)[-1].job.workflow
    assert '"127.0.0.1:4711"' in workflow.sources.text


async def test_the_facts_of_a_city_are_served_where_its_job_says() -> None:
    row = cities()[0]
    with listening() as source:
        job = demo_jobs("d", 2, host_of(source))[1].job
        assert isinstance(job.input, Inline)
        async with serving_facts(source, {row["id"]: row["facts"]}), ClientSession() as session:
            async with session.get(job.input.inline["facts_url"]) as answer:
                assert await answer.json() == row["facts"]
            async with session.get(f"http://{host_of(source)}/facts/unknown.json") as answer:
                assert answer.status == 404


def test_a_page_is_put_together_and_keeps_its_schema() -> None:
    sections = [{"heading": f"Part {number}", "body": "Heat pumps for all of Ghent."} for number in range(2)]
    meta = {"title": "Heat pumps in Ghent", "description": "Who installs heat pumps in Ghent."}
    page = landing_page({"service": "Heat pump installation", "place": "Ghent"}, meta, sections)
    schema = files("headchef.cli.demo") / "content" / "landing" / "schemas" / "page.v1.json"
    assert not compile_schema(orjson.loads(schema.read_bytes())).findings(
        page, max_findings=5, max_message_characters=200
    )
    assert audited_page(page, {"score": 80.0, "findings": []}) == page | {"audit": {"score": 80.0, "findings": []}}


def test_the_workflows_functions_are_those_that_the_package_names() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    named = project["project"]["entry-points"]["headchef.functions"]
    found = {name: EntryPoint(name, value, "headchef.functions").load() for name, value in named.items()}
    assert found == {"demo.landing_page": landing_page, "demo.audited_page": audited_page}


async def cooked(
    log: MemoryLog, jobs: Sequence[JobSubmitted], stop: asyncio.Event | None = None, **policy: Any
) -> tuple[Cooking, list[int]]:
    """Cook with a kitchen that finishes each job for a cent as soon as it is submitted."""
    windows: list[int] = []

    async def publish(window: Sequence[JobSubmitted]) -> None:
        windows.append(len(window))
        for job in window:
            finished = make_finished(job.job_id, cost_usd=Decimal("0.01"))
            await put_event(log, "jobs.finished", finished, job.job_id.encode())

    limits = {"in_flight": 4, "cap_usd": None, "stall_s": PATIENCE_S} | policy
    feed = await open_feed(log, NAMESPACE, "now")
    cooking = Cooking(
        feed,
        publish,
        CookingPolicy(**limits),
        stop=stop or asyncio.Event(),
        clock=SystemClock(),
        progress=lambda state: None,
    )
    await cooking.cook(jobs)
    return cooking, windows


JOBS = [make_job(f"j{number}") for number in range(10)]


async def test_all_jobs_are_cooked_with_few_under_way() -> None:
    cooking, windows = await cooked(make_log(), JOBS)
    assert set(cooking.state.outcomes) == {job.job_id for job in JOBS}
    assert max(windows) <= 4
    assert cooking.state.spent_usd == Decimal("0.10")


async def test_nothing_is_submitted_beyond_the_cap() -> None:
    cooking, windows = await cooked(make_log(), JOBS, cap_usd=Decimal("0.05"))
    assert cooking.state.spent_usd <= Decimal("0.05") + 4 * Decimal("0.01")
    assert cooking.state.left_out == 10 - sum(windows) > 0


async def test_an_interruption_submits_nothing_more() -> None:
    stop = asyncio.Event()
    stop.set()
    cooking, windows = await cooked(make_log(), JOBS, stop)
    assert (windows, cooking.state.left_out) == ([], 10)


async def test_a_stall_ends_the_demo() -> None:
    log = make_log()

    async def publish(window: Sequence[JobSubmitted]) -> None:
        return

    cooking = Cooking(
        await open_feed(log, NAMESPACE, "now"),
        publish,
        CookingPolicy(4, None, 0.0),
        stop=asyncio.Event(),
        clock=SystemClock(),
        progress=lambda state: None,
    )
    with pytest.raises(WorkFailed, match="no result came"):
        await cooking.cook(JOBS)


def test_the_repeated_jobs_ask_the_same() -> None:
    first = demo_jobs("d", None, FACTS_AT)[0].job
    assert repeated(demo_jobs("d", None, FACTS_AT))[0].job.input == first.input == Inline(inline=cars()[0])
