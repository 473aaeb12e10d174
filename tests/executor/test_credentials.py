"""The API key goes to the provider and nowhere else: not into events, logs, spans, errors or reprs."""

import logging
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from headchef_contracts import registry

from headchef.brakes import Brakes
from headchef.catalogue import Catalogue, load, resolve
from headchef.catalogue.form import DialectName
from headchef.executor.calling import open_provider
from headchef.executor.dialects import DIALECTS
from headchef.executor.handler import ExecutorHandler
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.runtime.telemetry.spans import SpanTracer
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates
from headchef.simulator.settings import Settings as SimulatorSettings
from tests.executor.fakes import OpenPermit, Unlimited, deliver, equipped, see_through
from tests.executor.simulated import VERSIONS
from tests.support.builders import make_head, make_step
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

KEY = "sk-very-secret-0123456789abcdef"
PROMPT = "A prompt that nobody else may read."
FAULTS = [
    Rates(),
    Rates(rate_limited=1),
    Rates(server_error=1),
    Rates(reset=1),
    Rates(malformed=1),
    Rates(refusal=1),
]
CATALOGUE = """\
defaults: {{model: small}}
providers: {{acme: {{dialect: {dialect}, base_url: "{base_url}", api_key_env: ACME_KEY}}}}
lanes: {{default: {{provider: acme}}}}
models: {{small: {{lane: default, provider_model: simulated, max_output_tokens: 4096}}}}
"""


def make_catalogue(folder: Path, dialect: DialectName, address: str) -> Catalogue:
    path = folder / "catalogue.yaml"
    path.write_text(CATALOGUE.format(dialect=dialect, base_url=f"{address}/{VERSIONS[dialect]}"))
    return load(path)


async def traces_of_a_call(folder: Path, dialect: DialectName, address: str) -> tuple[str, str]:
    """Handle one step; give all that is published, and all that is told to telemetry or shown by `repr`."""
    catalogue, clock, settings = make_catalogue(folder, dialect, address), ManualClock(), Settings(call_timeout_s=20)
    endpoint = resolve(catalogue, "default", {"ACME_KEY": KEY})
    exporter, metrics = InMemorySpanExporter(), RecordedMetrics()
    spans = TracerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(exporter))
    delivery = deliver(make_step(PROMPT, job=make_head(deadline=clock.now() + timedelta(minutes=5))))
    async with open_provider(endpoint, catalogue.lanes["default"].provider, settings, clock) as provider:
        handler = ExecutorHandler(
            lane="default",
            equip=equipped(catalogue, provider),
            retry=RetryPolicy(max_attempts=2),
            clock=clock,
            random=Random(1),
            permit=OpenPermit(),
            brakes=Brakes(),
            quota=Unlimited(),
            metrics=metrics,
        )
        hop = SpanTracer(spans, "g", "c").process(delivery)
        with hop:
            seen = await see_through(handler, delivery, clock)
        hop.sent()
        shown = repr((handler, provider, vars(provider), endpoint, settings, catalogue))
    published = [registry.encode(output.event) for output in seen.emitted]
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "chat simulated" in told
    return b"".join([*published, *seen.payloads]).decode(), told + shown + repr(metrics.counts)


@pytest.mark.parametrize("rates", FAULTS)
@pytest.mark.parametrize("right_key", [KEY, "sk-another"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_key_is_nowhere(
    rates: Rates,
    right_key: str,
    dialect: DialectName,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = SimulatorSettings(port=0, rates=rates, api_key=SecretStr(right_key))
    async with Simulator(settings) as simulator:
        published, told = await traces_of_a_call(tmp_path, dialect, simulator.address)
        calls = sum(simulator.bill.calls.values())
    assert calls > 0
    told += caplog.text + "".join(capfd.readouterr())
    assert KEY not in published + told
    assert PROMPT not in told


async def test_the_key_is_not_in_the_words_of_a_lost_connection(tmp_path: Path) -> None:
    async with Simulator(SimulatorSettings(port=0)) as simulator:
        address = simulator.address
    published, told = await traces_of_a_call(tmp_path, "openai", address)
    assert "connection" in published
    assert KEY not in published + told
