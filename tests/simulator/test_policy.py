"""Which fault befalls a call: one at most, as often as the rates say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headchef.simulator.policy import decide
from headchef.simulator.settings import Rates, Settings

RATES = Rates(rate_limited=0.1, server_error=0.2, reset=0.05, refusal=0.25)


@pytest.mark.parametrize(
    ("draw", "fault"),
    [(0, "rate_limited"), (0.099, "rate_limited"), (0.1, "server_error"), (0.31, "reset"), (0.36, None), (0.999, None)],
)
def test_the_rates_share_out_the_calls(draw: float, fault: str | None) -> None:
    fate = decide(Settings(rates=RATES), transport_draw=draw, model_draw=0.5, latency_normal=0)
    assert (fate.transport, fate.model) == (fault, None)


@given(draw=st.floats(0, 1, exclude_max=True))
def test_without_rates_nothing_befalls_a_call(draw: float) -> None:
    fate = decide(Settings(), transport_draw=draw, model_draw=draw, latency_normal=3)
    assert (fate.transport, fate.model, fate.latency_s) == (None, None, 0)


@given(normal=st.floats(-8, 8))
def test_latency_is_spread_around_its_median(normal: float) -> None:
    slow = Settings(latency_median_s=2, latency_sigma=0.5)
    latency_s = decide(slow, transport_draw=0.5, model_draw=0.5, latency_normal=normal).latency_s
    assert latency_s > 0
    assert (latency_s >= 2) == (normal >= 0) or latency_s == pytest.approx(2)


def test_rates_of_more_than_all_calls_are_refused() -> None:
    with pytest.raises(ValidationError, match="more than 1"):
        Rates(reset=0.6, malformed=0.6)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_SIMULATOR_SEED", "7")
    monkeypatch.setenv("HEADCHEF_SIMULATOR_RATES__RESET", "0.25")
    monkeypatch.setenv("HEADCHEF_SIMULATOR_MODELS", '["a", "b"]')
    settings = Settings()
    assert (settings.seed, settings.rates.reset, settings.models) == (7, 0.25, ("a", "b"))
