"""The executor is put together from its environment, and a wrong setting is named."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from headchef import tenancy
from headchef.catalogue import DEFAULT_PATH
from headchef.executor.__main__ import assemble
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import pair
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings
from tests.executor.fakes import OpenPermit
from tests.support.manual_clock import ManualClock
from tests.support.published import ONE_MODEL, make_published, version_of
from tests.support.recorded_metrics import RecordedMetrics


def surroundings() -> Surroundings:
    return Surroundings(ManualClock(), Random(1), OpenPermit(), RecordedMetrics())


async def test_the_packaged_catalogue_serves_the_default_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_EXECUTOR_CONCURRENCY", "8")
    async with assemble(surroundings()) as processor:
        assert processor.name == "executor.default"
        assert processor.inputs == pair("steps.dispatched.default", flow=tenancy.of_step)
        assert (processor.order, processor.concurrency, processor.stores) == ("concurrent", 8, ())


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HEADCHEF_EXECUTOR_CONCURRENCY", "0", "HEADCHEF_EXECUTOR_CONCURRENCY: .*greater than or equal to 1"),
        ("HEADCHEF_CATALOGUE", "/nowhere.yaml", r"HEADCHEF_CATALOGUE: (.|\n)*/nowhere\.yaml: cannot be read"),
    ],
)
async def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=says):
        async with assemble(surroundings()):
            pass


async def settled(*published: str) -> list[str]:
    """Let an executor start where this was published, and give the versions that it then uses."""
    lent = surroundings()
    async with assemble(lent) as processor:
        broadcast, _ = processor.broadcasts
        for text in published:
            with suppress(InvalidEvent):
                await broadcast.taker(make_published(text))
        assert broadcast.settle is not None
        await broadcast.settle()
        assert isinstance(lent.metrics, RecordedMetrics)
        return [about["version"] for _, about in lent.metrics.reading("headchef.catalog.in_force")]


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HEADCHEF_EXECUTOR_LANE", "fast", "lanes: there is no lane 'fast'; known are default"),
        ("HEADCHEF_SIMULATOR_URL", "nonsense", r"providers\.simulator\.base_url: is not an http"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_where_none_is_published(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=rf"and no catalogue is published(.|\n)*default\.yaml.*: {says}"):
        await settled()


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(ONE_MODEL.replace('/v1"', '/v1", api_key_env: ACME_KEY'))
    monkeypatch.setenv("HEADCHEF_CATALOGUE", str(path))
    monkeypatch.delenv("ACME_KEY", raising=False)
    with pytest.raises(BadSettings, match=r"own\.yaml:3: .*environment variable ACME_KEY is not set"):
        await settled()
    assert await settled(ONE_MODEL) == [version_of(ONE_MODEL)], "a published one needs none"


async def test_a_lane_that_only_the_published_catalogue_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_EXECUTOR_LANE", "fast")
    fast = ONE_MODEL.replace("{default: {provider", "{fast: {provider").replace("lane: default", "lane: fast")
    assert await settled(fast) == [version_of(fast)]
    assert await settled(ONE_MODEL, fast, "no catalogue") == [version_of(fast)]
    with pytest.raises(BadSettings) as neither:
        await settled(ONE_MODEL)
    wanted = "lanes: there is no lane 'fast'; known are default: set HEADCHEF_EXECUTOR_LANE to one of them"
    assert str(neither.value) == (
        "HEADCHEF_CATALOGUE: executor.fast can use neither this file nor the published catalogue"
        f" {version_of(ONE_MODEL)}\n{DEFAULT_PATH}: {wanted}\ncatalogue.yaml: {wanted}"
    )
