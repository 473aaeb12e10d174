"""A refused job is sent back by hand: in vain while its cause is there, then with a result; and it comes to an end."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.placement import home_partition

from tests.cli.desk import Desk
from tests.e2e.conftest import CATALOGUE
from tests.support.collector import Collected
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

pytestmark = pytest.mark.timeout(300)

MENDED = CATALOGUE + "  late: {lane: default, provider_model: simulated}\n"
KEY, OWN = b"\xff any bytes", ("x-shop", b"\x00\xff")
TRACE = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


@pytest.fixture
def deployment(kafka: str, tmp_path: Path) -> Iterator[Deployment]:
    """Services whose catalogue a test may mend."""
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    settings = {"HEADCHEF_CATALOGUE": str(tmp_path / "catalogue.yaml")}
    with Deployment(kafka, f"redrive-{uuid.uuid4().hex[:8]}", tmp_path, environment=settings) as running:
        yield running


@pytest.fixture
def pipeline(deployment: Deployment) -> Iterator[Pipeline]:
    with Pipeline(deployment) as watched:
        yield watched


@pytest.fixture
def desk(deployment: Deployment) -> Desk:
    settings = {
        **deployment.environment,
        "HEADCHEF_KAFKA": deployment.bootstrap,
        "HEADCHEF_NAMESPACE": deployment.namespace,
        "HEADCHEF_SIMULATOR_URL": "http://localhost:1",
    }
    return Desk(deployment.folder, settings)


def redrive(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    told = json.loads(desk.type("dlq", "redrive", *arguments, "--json", code=code))
    assert isinstance(told, dict)
    return told


def place(letter: Collected) -> str:
    return f"jobs.submitted.dlq:{letter.partition}:{letter.offset}"


def mend(deployment: Deployment) -> None:
    """Put the missing model into the catalogue, and start those anew that read it."""
    Path(deployment.environment["HEADCHEF_CATALOGUE"]).write_text(MENDED)
    for service in (*deployment.of("router"), *deployment.of("executor")):
        assert service.stop() == 0
        service.start()
    deployment.wait_ready()


def test_a_refused_job_is_sent_back_until_its_cause_is_mended(
    deployment: Deployment, pipeline: Pipeline, desk: Desk, job_id: str
) -> None:
    raw = json.dumps({"job_id": job_id, "prompt": "Describe a chair.", "model": "late"}, indent=3).encode()
    home = home_partition(job_id, None, 4)
    first = pipeline.letter(pipeline.publish(raw, key=KEY, headers=[OWN, TRACE], partition=home))

    dry = redrive(desk, "--all", "--dry-run")
    assert (dry["chosen"], dry["sent"], dry["places"]) == (1, 0, [place(first)])
    desk.type("dlq", "redrive", place(first), code=1)  # nobody is there to be asked
    pipeline.settled()
    assert len(pipeline.of("jobs.submitted")) == 1, "neither of them sends anything"

    assert redrive(desk, "--reason", "unknown_model", "--yes")["sent"] == 1
    second = pipeline.wait_for_count("jobs.submitted.dlq", 2)[1]
    assert (second.value, second.key, second.partition) == (raw, KEY, home)
    assert (second.headers["headchef-redrives"], second.headers["headchef-redrive-of"]) == ("1", place(first))
    refused = redrive(desk, place(second), "--yes", "--max-redrives", "1", code=1)
    assert (refused["sent"], refused["left_out"][0]["place"]) == (0, place(second))
    assert refused["left_out"][0]["why"].startswith("headchef-redrives: ")

    mend(deployment)
    told = redrive(desk, "--all", "--yes")
    assert (told["sent"], told["places"], told["sent_before"]) == (1, [place(second)], [place(first)])
    assert pipeline.result(job_id)["status"] == "ok"
    assert redrive(desk, "--all", "--yes")["sent"] == 0, "what was sent is recognised"
    pipeline.settled()

    *_, last = pipeline.of("jobs.submitted")
    assert (last.value, last.key, last.partition) == (raw, KEY, home)
    marks = [("headchef-redrive-of", place(second).encode()), ("headchef-redrives", b"2")]
    assert last.header_list == [OWN, *marks], "nothing of its deaths and of its trace is left"
    assert len(pipeline.of("jobs.submitted")) == 3
    assert len(pipeline.results(job_id)) == 1
    refusals = {it.headers["ce_id"] for it in pipeline.of("jobs.refused")}
    assert len(refusals) == 2, "the second refusal is another event"
