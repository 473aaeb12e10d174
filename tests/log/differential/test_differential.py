"""The log in memory is honest: what it shows after any sequence of operations, Apache Kafka shows too."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.log.differential.machine import EXAMPLES, STEPS, LogMachine
from tests.support.kafka_backend import KafkaBackend


@pytest.fixture
def machine(kafka: str) -> Iterator[type[LogMachine]]:
    """Sequences on this run's Kafka."""
    loop = asyncio.new_event_loop()
    backend = KafkaBackend(kafka)
    LogMachine.loop, LogMachine.backend = loop, backend
    yield LogMachine
    loop.run_until_complete(backend.close())
    loop.close()


# A sequence that fails is shortened for up to five minutes, and a long run takes as long as it is told to.
@pytest.mark.timeout(0)
def test_both_logs_show_the_same(machine: type[LogMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=False,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
