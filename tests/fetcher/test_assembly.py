"""The processor as the host gets it: what it reads, and clear errors where a setting is wrong."""

import random

import pytest

from headchef import tenancy
from headchef.fetcher.__main__ import assemble
from headchef.runtime.processor import pair
from headchef.runtime.settings import BadSettings
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.manual_clock import ManualClock


class Always:
    async def wait(self) -> None:
        return


def surroundings() -> Surroundings:
    return Surroundings(ManualClock(), random.Random(0), Always(), Metrics())


async def test_documents_are_fetched_side_by_side_and_tenants_take_turns() -> None:
    async with assemble(surroundings()) as processor:
        assert processor.inputs == pair("fetches.planned", flow=tenancy.of_call)
        assert (processor.name, processor.order, processor.concurrency) == ("fetcher", "concurrent", 32)
        assert processor.stores == ()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FETCHER_CONCURRENCY", "0"),
        ("FETCHER_MAX_OUTPUT_BYTES", "many"),
        ("FETCHER_MAX_OUTPUT_BYTES", "4194304"),
        ("SOURCES_PRIVATE_HOSTS", "a:80"),
        ("BODIES", "nowhere://x"),
        ("BODIES_INLINE_BYTES", "1"),
    ],
)
async def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_{variable}", value)
    with pytest.raises(BadSettings, match=f"HEADCHEF_{variable}"):
        async with assemble(surroundings()):
            pass
