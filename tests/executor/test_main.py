"""The executor is put together from its environment, and a wrong setting is named."""

from pathlib import Path
from random import Random

import pytest

from headchef.executor.__main__ import assemble
from headchef.runtime.processor import pair
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings
from tests.executor.fakes import OpenPermit
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics


def surroundings() -> Surroundings:
    return Surroundings(ManualClock(), Random(1), OpenPermit(), RecordedMetrics())


async def test_the_packaged_catalogue_serves_the_default_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_EXECUTOR_CONCURRENCY", "8")
    async with assemble(surroundings()) as processor:
        assert processor.name == "executor.default"
        assert processor.inputs == pair("steps.dispatched.default")
        assert (processor.order, processor.concurrency, processor.stores) == ("concurrent", 8, ())


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HEADCHEF_EXECUTOR_CONCURRENCY", "0", "HEADCHEF_EXECUTOR_CONCURRENCY: .*greater than or equal to 1"),
        ("HEADCHEF_EXECUTOR_LANE", "fast", "no lane 'fast'; known are default"),
        ("HEADCHEF_CATALOGUE", "/nowhere.yaml", r"HEADCHEF_CATALOGUE: (.|\n)*/nowhere\.yaml: cannot be read"),
        ("HEADCHEF_SIMULATOR_URL", "nonsense", r"providers\.simulator\.base_url: is not an http"),
    ],
)
async def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=says):
        async with assemble(surroundings()):
            pass


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(
        "defaults: {model: m}\n"
        "providers: {acme: {base_url: 'https://x.test/v1', api_key_env: ACME_KEY}}\n"
        "lanes: {default: {provider: acme}}\n"
        "models: {m: {lane: default}}\n"
    )
    monkeypatch.setenv("HEADCHEF_CATALOGUE", str(path))
    monkeypatch.delenv("ACME_KEY", raising=False)
    with pytest.raises(BadSettings, match=r"catalogue\.yaml:2: .*environment variable ACME_KEY is not set"):
        async with assemble(surroundings()):
            pass
