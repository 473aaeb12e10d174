"""The router as the host gets it: settings from the environment, the state it declares, and clear errors."""

import random
from pathlib import Path

import pytest

from headchef_contracts import topics

from headchef import tenancy
from headchef.router.__main__ import assemble
from headchef.router.settings import RouterSettings
from headchef.runtime.processor import Input, Processor, pair
from headchef.runtime.settings import BadSettings, load
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.manual_clock import ManualClock


class Always:
    async def wait(self) -> None:
        return


async def assembled() -> Processor:
    async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())) as processor:
        return processor


async def test_the_router_reads_the_entries_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await assembled()).inputs
    monkeypatch.setenv("HEADCHEF_ENTRIES", "acme, partners,acme")
    processor = await assembled()
    names = ("jobs.submitted.acme", "jobs.submitted.partners")
    doors = [each for name in names for each in pair(name, raw=True, flow=tenancy.of_job)]
    assert [each for each in processor.inputs if each not in before] == doors
    watched = processor.backlog.watched["router"]
    assert {each.topic for each in processor.inputs} == set(watched)


@pytest.mark.parametrize("named", ["bulk", "a b", "Acme", "acme.eu"])
async def test_what_no_entry_is_called_names_the_setting(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("HEADCHEF_ENTRIES", named)
    with pytest.raises(BadSettings, match="HEADCHEF_ENTRIES"):
        await assembled()


async def test_the_router_reads_raw_jobs_and_its_own_events_in_order() -> None:
    processor = await assembled()
    assert (processor.name, processor.order) == ("router", "in_order")
    door = pair("jobs.submitted", raw=True, flow=tenancy.of_job)
    judgements = Input("judgements.planned", job_class="bulk")
    own = (
        "steps.judged",
        "calls.ended",
        "fetches.ended",
        "retrievals.ended",
        "reservations.answered",
        "budgets.answered",
    )
    assert processor.inputs == (*door, Input("jobs.commands", raw=True), *map(Input, own), judgements)


async def test_the_store_forgets_when_its_changelog_does() -> None:
    *_, jobs, seen = (await assembled()).stores
    assert seen.window_s is not None
    assert seen.window_s * 1000 == topics.topic(f"router.{seen.name}.changelog").retention_ms
    assert (jobs.name, jobs.window_s) == ("jobs", None)


async def test_all_stores_have_their_changelogs() -> None:
    kept = {store.name for store in (await assembled()).kept}
    assert {"tasks", *kept} == set(topics.STORES["router"])


def test_silence_is_longer_than_steps_are_kept() -> None:
    kept = (
        "steps.planned",
        "steps.dispatched.default",
        "steps.completed",
        "steps.judged",
        "calls.planned",
        "calls.ended",
        "reservations.asked",
        "reservations.answered",
    )
    assert RouterSettings().max_silence_s * 1000 > max(topics.topic(name).retention_ms for name in kept)


async def test_a_catalogue_that_cannot_be_used_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADCHEF_CATALOGUE", str(tmp_path / "none.yaml"))
    with pytest.raises(BadSettings, match="HEADCHEF_CATALOGUE"):
        await assembled()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MAX_JOB_BYTES", "2000000"), ("MAX_JOB_BYTES", "many"), ("MAX_PROMPT_BYTES", "0"), ("MAX_TEMPLATES", "0")],
)
def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_ROUTER_{variable}", value)
    with pytest.raises(BadSettings, match=f"HEADCHEF_ROUTER_{variable}"):
        load(RouterSettings)


def test_what_is_taken_fits_into_the_topics() -> None:
    """A forwarded record carries more headers, and a planned step has the prompt beside the job's schema."""
    settings = RouterSettings()
    room_bytes = 8_192
    assert settings.max_job_bytes + room_bytes < topics.topic("jobs.submitted").max_message_bytes
    assert (
        settings.max_job_bytes + settings.max_prompt_bytes + room_bytes
        < topics.topic("steps.planned").max_message_bytes
    )
