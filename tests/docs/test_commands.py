"""Every command and program in the pages is run, as a reader would; what cannot be is listed with its reason."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from tests.docs.blocks import PAGES, ROOT, TUTORIAL, Block, all_blocks, blocks_of
from tests.docs.commands import command_of, options_of
from tests.docs.desk import Desk
from tests.support.eventually import PATIENCE_S
from tests.support.warm_commands import at_hand

pytestmark = pytest.mark.timeout(480)

NOT_RUN: Mapping[str, str] = {
    "make demo ": "tests/cli runs `headchef demo`; the target also installs, which CI does before these tests",
    "make install": "these tests run in what it makes",
    "export OPENAI_API_KEY=sk-your-key": "needs an account at a provider; tests/cli tests the choice of the endpoint",
    "docker compose up": "needs a Docker daemon and images",
    'echo \'{"job_id": "hello-kcat"': "needs kcat; tests/e2e publishes the same with librdkafka, of which kcat is made",
    "export HEADCHEF_KAFKA=kafka-1": "needs a cluster with TLS and SASL",
    "headchef topics create\npython -m headchef.router": "tests/e2e runs the services as processes",
    "python -m headchef.executor\n": "runs until it is stopped; tests/e2e shares work among executors",
    "export HEADCHEF_CACHE_QDRANT_URL": "needs a Qdrant server; tests/cache tests the cache on one",
    "export HEADCHEF_CACHE_EMBEDDER_KIND": "needs an endpoint; tests/cache puts an embedder together from the same",
    "export HEADCHEF_CACHE_EMBEDDER_REQUESTS": "as the block before; tests/embedding keeps to quotas at an endpoint",
    "export HEADCHEF_BODIES=s3": "needs a bucket; tests/bodies keeps bodies in one, tests/e2e in a folder",
    "export HEADCHEF_COLLECTIONS=/etc": "needs a Qdrant server; tests/e2e runs the retriever on a folder",
    "export HEADCHEF_CATALOGUE=catalogue.yaml": "needs an account at a provider",
    "headchef catalog apply catalogue.yaml\n": "needs its key; tests/e2e applies catalogues to running services",
    "headchef results --batch whole --until 2": "follows for ever, into a program of the reader's; tests/cli follows",
    "export OTEL_EXPORTER_OTLP_ENDPOINT": "needs a collector; tests/telemetry tests the exporters",
    "kafka-consumer-groups.sh": "one of Kafka's own tools; it would move a place of the services that run here",
}
"""How a block begins that is not run, and why not."""

BLOCKS = all_blocks("sh", "python")


def reason_not_run(block: Block) -> str | None:
    return next((reason for beginning, reason in NOT_RUN.items() if block.text.startswith(beginning)), None)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Iterator[Desk]:
    """One desk with `headchef up` at work for all pages, since starting it takes longest."""
    # The tutorial's commands are started from nothing.
    desk = Desk(tmp_path_factory.mktemp("desk"), kafka, at_hand())
    try:
        desk.serve()
        yield desk
    finally:
        desk.close()


@pytest.mark.parametrize("page", [page for page in PAGES if page != TUTORIAL])
def test_the_blocks_of_the_page_run(desk: Desk, page: str) -> None:
    for block in blocks_of(page, "sh", "python"):
        if reason_not_run(block) is None:
            desk.run(block)


@pytest.mark.parametrize("beginning", NOT_RUN)
def test_what_is_listed_is_there_once(beginning: str) -> None:
    assert len([block for block in BLOCKS if block.text.startswith(beginning)]) == 1


@pytest.mark.parametrize("block", all_blocks("sh"), ids=lambda it: it.place)
def test_the_block_is_shell_with_commands_and_options_that_exist(block: Block) -> None:
    subprocess.run(["sh", "-n", "-c", block.text], check=True, timeout=PATIENCE_S)
    for line in block.text.replace("\\\n", " ").splitlines():
        command, _, _ = re.sub(r"\s#.*", "", line).partition(" | ")
        words = _words_after("headchef", command)
        if words:
            name = command_of(words)
            unknown = {word for word in words if word.startswith("--")} - options_of(name)
            assert not unknown, f"headchef {' '.join(name)} has no {', '.join(sorted(unknown))}"
        target = _words_after("make", command)
        if target:
            subprocess.run(
                ["make", "--dry-run", *target], cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE_S
            )


def _words_after(program: str, line: str) -> list[str]:
    """Give the arguments of a program if a line calls it, with or without variables before it; else nothing."""
    called = re.match(rf"(?:[A-Z_]+=\S+ )*{program} (.+)", line)
    return shlex.split(called[1], posix=True) if called else []
