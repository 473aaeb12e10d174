"""The validator as the host gets it, and the errors of its settings."""

import random

import pytest

from headchef.runtime.processor import Input
from headchef.runtime.settings import BadSettings, load
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.validator.__main__ import assemble
from headchef.validator.settings import ValidatorSettings
from tests.support.manual_clock import ManualClock


class Always:
    async def wait(self) -> None:
        return


async def test_the_validator_reads_completed_steps_in_order() -> None:
    async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())) as processor:
        assert (processor.name, processor.order, processor.stores) == ("validator", "in_order", ())
        assert processor.inputs == (Input("steps.completed"),)


@pytest.mark.parametrize(
    ("variable", "value"), [("MAX_FINDINGS", "0"), ("MAX_ANSWER_CHARACTERS", "9"), ("MAX_SCHEMAS", "x")]
)
def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_VALIDATOR_{variable}", value)
    with pytest.raises(BadSettings, match=f"HEADCHEF_VALIDATOR_{variable}"):
        load(ValidatorSettings)
