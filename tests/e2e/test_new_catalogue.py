"""Models, prices and addresses change while all services run on real Kafka, and none of them is restarted."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.kafka.topics import create
from tests.cli.desk import Desk
from tests.support.pipeline import Pipeline
from tests.support.ports import free_ports
from tests.support.published import version_of
from tests.support.services import Deployment, ServiceProcess
from tests.support.warm_commands import at_hand

FIRST = """
defaults: {model: simulated}
providers:
  simulator: {base_url: "${HEADCHEF_SIMULATOR_URL}"}
lanes:
  default: {provider: simulator}
models:
  simulated: {lane: default, prices: {input: 0.15, output: 0.60}}
"""
DEARER = FIRST.replace("0.15", "3").replace("0.60", "6") + "  fast: {lane: default, provider_model: simulated}\n"
WRONG = DEARER.replace("input: 3", "input: -3").replace("provider: simulator", "provider: acme")
LIMITED = DEARER.replace("provider: simulator}", "provider: simulator, requests_per_minute: 600}")
PREMIUM = (
    LIMITED.replace("lanes:\n", "lanes:\n  premium: {provider: simulator}\n")
    + "  best: {lane: premium, provider_model: simulated}\n"
)
KEYED = LIMITED.replace('_URL}"', '_URL}", api_key_env: ACME_KEY')


class Office:
    """A running deployment, and a desk to change its catalogue from."""

    def __init__(self, deployment: Deployment, pipeline: Pipeline, folder: Path) -> None:
        settings = {"HEADCHEF_KAFKA": deployment.bootstrap, "HEADCHEF_NAMESPACE": deployment.namespace}
        self._desk = Desk(folder, {**settings, "HEADCHEF_SIMULATOR_URL": deployment.simulator_url})
        self.deployment, self.pipeline = deployment, pipeline

    def type(self, *arguments: str, text: str | None = None, code: int = 0) -> tuple[str, str]:
        """Type `headchef catalog …` on a file of this text, and give both outputs."""
        if text is not None:
            (self._desk.folder / "new.yaml").write_text(text)
            arguments = (*arguments, "new.yaml")
        process = self._desk.start("catalog", *arguments, starting=at_hand())
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{out}\n{err}"
        return out, err

    def in_force(self, text: str, *services: str) -> None:
        """Wait until services say that they use it."""
        for service in services:
            for process in self.deployment.of(service):
                process.wait_for_output(f"catalogue {version_of(text)} of new.yaml, published")

    def done(self, **job: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Have a job done, and give how it was planned, what its call was, and its result."""
        job_id = f"job-{uuid.uuid4().hex[:8]}"
        self.pipeline.publish({"job_id": job_id, "prompt": f"Describe {job_id}.", **job}, key=job_id)
        result = self.pipeline.result(job_id)
        planned, attempt = (
            self.pipeline.mention(topic, job_id.encode()).event for topic in ("steps.planned", "attempts.recorded")
        )
        assert result["status"] == "ok", result
        return planned, attempt, result


@pytest.mark.timeout(300)
def test_a_catalogue_is_changed_while_all_run(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(FIRST)
    settings = {"HEADCHEF_CATALOGUE": str(tmp_path / "own.yaml")}
    with (
        Deployment(kafka, f"catalogue-{uuid.uuid4().hex[:8]}", tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        office = Office(deployment, pipeline, tmp_path)
        pids = [service.pid for service in deployment.services]
        the_file_holds_until_one_is_published(office)
        models_and_prices_change(office)
        what_is_wrong_is_refused_and_the_last_good_one_holds(office)
        one_that_a_service_cannot_use_is_refused_by_it_alone(office)
        assert [service.pid for service in deployment.services] == pids, "none was restarted"
        who_starts_later_reads_it_first(office)
        executors_of_a_new_lane_need_no_file_that_has_it(office)
        pipeline.settled()


def the_file_holds_until_one_is_published(office: Office) -> None:
    assert "no catalogue is published" in office.type("show")[1]
    planned, attempt, result = office.done()
    assert planned["decided"]["catalog_version"] == version_of(FIRST)
    assert (attempt["price_version"], result["provenance"]["catalog_version"]) == (version_of(FIRST),) * 2


def models_and_prices_change(office: Office) -> None:
    office.type("diff", text=DEARER, code=1)
    office.type("apply", "--dry-run", text=DEARER)
    assert "no catalogue is published" in office.type("show")[1]
    office.type("apply", text=DEARER)
    assert office.type("show")[0] == DEARER
    assert "published already" in office.type("apply", text=DEARER)[1]
    office.in_force(DEARER, "router", "executor")
    planned, attempt, result = office.done()
    assert planned["decided"]["catalog_version"] == attempt["decided"]["catalog_version"] == version_of(DEARER)
    assert attempt["price_version"] == version_of(DEARER)
    usage = attempt["usage"]
    assert float(result["cost_usd"]) == pytest.approx((3 * usage["input_tokens"] + 6 * usage["output_tokens"]) / 1e6)
    assert office.done(model="fast")[1]["model"] == "fast"
    out, _ = office.type("diff", "--json", text=LIMITED, code=1)
    found = json.loads(out)
    assert (found["published"], found["file"]) == (version_of(DEARER), version_of(LIMITED))
    change = {"field": "lanes.default.requests_per_minute", "published": None, "file": "600"}
    assert found["differences"] == [change]


def what_is_wrong_is_refused_and_the_last_good_one_holds(office: Office) -> None:
    _, err = office.type("apply", text=WRONG, code=2)
    assert "new.yaml:8:39: models.simulated.prices.input: " in err
    _, err = office.type("apply", text=WRONG.replace("-3", "3"), code=2)
    assert "new.yaml:6:13: lanes.default.provider: there is no provider 'acme'; known are simulator" in err
    slow = DEARER.replace("lane: default", "lane: slow").replace("  default:", "  slow:")
    _, err = office.type("apply", text=slow, code=2)
    assert "new.yaml:6:3: lanes.slow: the cluster has no " in err
    assert "headchef topics create --lane slow" in err
    assert office.type("show")[0] == DEARER
    assert office.done()[0]["decided"]["catalog_version"] == version_of(DEARER)


def one_that_a_service_cannot_use_is_refused_by_it_alone(office: Office) -> None:
    office.type("apply", text=LIMITED)
    office.in_force(LIMITED, "executor")
    _, err = office.type("apply", text=KEYED, code=2)
    assert "new.yaml:4: providers.simulator.api_key_env: environment variable ACME_KEY is not set" in err
    assert "--without-credentials" in err
    office.type("apply", "--without-credentials", text=KEYED)
    office.in_force(KEYED, "router")
    (executor,) = office.deployment.of("executor")
    said = executor.wait_for_output(f"catalogue {version_of(KEYED)} cannot be used by executor.default")
    assert "new.yaml:4: providers.simulator.api_key_env: environment variable ACME_KEY is not set" in said
    planned, attempt, _ = office.done()
    assert planned["decided"]["catalog_version"] == version_of(KEYED)
    assert attempt["price_version"] == version_of(LIMITED)


def who_starts_later_reads_it_first(office: Office) -> None:
    office.type("apply", text=LIMITED)
    (router,) = office.deployment.of("router")
    before = len(router.log())
    assert router.stop() == 0
    router.start()
    router.wait_for("/ready")
    log = router.log()[before:]
    assert log.index(f"catalogue {version_of(LIMITED)} of new.yaml") < log.index("starts here")
    assert office.done()[0]["decided"]["catalog_version"] == version_of(LIMITED)


def executors_of_a_new_lane_need_no_file_that_has_it(office: Office) -> None:
    deployment = office.deployment
    (port,) = free_ports(1)
    settings = {
        "HEADCHEF_KAFKA": deployment.bootstrap,
        "HEADCHEF_NAMESPACE": deployment.namespace,
        "HEADCHEF_LOCK_DIR": str(deployment.folder / "locks"),
        "HEADCHEF_SIMULATOR_URL": deployment.simulator_url,
        "HEADCHEF_HEALTH_PORT": str(port),
        "HEADCHEF_EXECUTOR_LANE": "premium",
        **deployment.environment,
    }
    asyncio.run(create(KafkaSettings(bootstrap=deployment.bootstrap), deployment.namespace, ["premium"]))
    office.type("apply", text=PREMIUM)
    office.in_force(PREMIUM, "router")
    executor = ServiceProcess("executor-premium", "executor", settings, deployment.folder)
    executor.start()
    try:
        executor.wait_for("/ready")
        _, attempt, _ = office.done(model="best")
        assert (attempt["lane"], attempt["decided"]["catalog_version"]) == ("premium", version_of(PREMIUM))
        assert executor.stop() == 0
    finally:
        executor.kill()
