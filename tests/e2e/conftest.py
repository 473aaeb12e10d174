"""All services as processes on real Kafka, shared by the tests that harm none of them."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support.nursery import nursery
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

CATALOGUE = """
defaults: {model: simulated}
providers:
  simulator: {base_url: "${HEADCHEF_SIMULATOR_URL}"}
lanes:
  default: {provider: simulator}
models:
  simulated:
    lane: default
    prices: {input: 0.15, output: 0.60}
  talkative: # says prose where JSON is wanted
    {lane: default, provider_model: simulated, structured_output: none}
  careless: # gives JSON, but not of the wanted form
    {lane: default, provider_model: simulated, structured_output: json_object, prices: {input: 1, output: 1}}
  hasty: # as careless, and another one stands in for it
    lane: default
    provider_model: simulated
    structured_output: json_object
    fallback: [simulated]
  seeing: # takes images, which the others do not
    {lane: default, provider_model: simulated, input: [text, image]}
  withdrawn: # the provider no longer has it
    {lane: default, provider_model: no-such-model}
"""


@pytest.fixture(scope="package", autouse=True)
def _nursery() -> Iterator[None]:
    """Spare services their imports, of which `test_settings.py` sees that they work from nothing."""
    with nursery():
        yield


# Not for the session: it would go on polling, beside all tests that come after.
@pytest.fixture(scope="package")
def pipeline(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A running deployment, with models that misbehave beside the good one. Use job ids of the test's own."""
    folder = tmp_path_factory.mktemp("shared")
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(CATALOGUE)
    namespace = f"shared-{uuid.uuid4().hex[:8]}"
    settings = {"HEADCHEF_CATALOGUE": str(catalogue), "HEADCHEF_ROUTER_MAX_JOB_BYTES": "100000"}
    with (
        Deployment(kafka, namespace, folder, environment=settings) as deployment,
        Pipeline(deployment) as running,
    ):
        yield running


@pytest.fixture
def job_id() -> str:
    """An id that no other test has used."""
    return f"job-{uuid.uuid4().hex[:12]}"
