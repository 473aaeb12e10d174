"""Runs jobs of one template through a deployment, and compares what was recorded of their cost with the bill."""

import json
import tempfile
import urllib.request
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from headchef_contracts import topics
from headchef_contracts.events.steps import AttemptRecorded
from headchef_contracts.registry import decode

from tests.bench.caching.ways import PRICES, Way, make_jobs
from tests.bench.load import Load
from tests.support.services import Deployment

_LATENCY_S = 0.2
_OUTPUT_USD = Decimal(PRICES["HEADCHEF_SIMULATOR_OUTPUT_USD"]) / 1_000_000
_READ_S = 60.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What the input of some jobs came to.

    Attributes:
        calls: that were made.
        input_tokens: of all.
        read_tokens: of them, read from the provider's cache.
        written_tokens: of them, written to it.
        input_usd: what they cost.
        uncached_usd: what they would have cost without that cache.
    """

    calls: int
    input_tokens: int
    read_tokens: int
    written_tokens: int
    input_usd: Decimal
    uncached_usd: Decimal


def spend(bootstrap: str, way: Way, *, jobs: int, executors: int) -> tuple[Spent, Spent]:
    """Run jobs, and give what `attempts.recorded` says, and what the simulator's bill does.

    Args:
        bootstrap: address of the broker.
        way: in which they meet the provider's cache.
        jobs: of one template, as many as there are.
        executors: processes.
    """
    namespace = f"caching-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-caching-") as folder:
        catalogue = Path(folder) / "catalogue.yaml"
        catalogue.write_text(way.catalogue)
        deployment = Deployment(
            bootstrap,
            namespace,
            Path(folder),
            counts={"executor": executors},
            environment={
                "HEADCHEF_CATALOGUE": str(catalogue),
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(_LATENCY_S),
                **PRICES,
            },
        )
        with deployment:
            load = Load(bootstrap, namespace)
            try:
                results = load.run(list(make_jobs(way, jobs)))
            finally:
                load.close()
            if results.statuses != {"ok": jobs}:
                raise RuntimeError(f"not what was to be measured: {results.statuses}")
            return _recorded(bootstrap, namespace, jobs), _billed(deployment)


def _recorded(bootstrap: str, namespace: str, jobs: int) -> Spent:
    attempts = _attempts(bootstrap, topics.physical(namespace, "attempts.recorded"), jobs)
    usages = [attempt.usage for attempt in attempts if attempt.usage is not None]
    output_usd = sum(usage.output_tokens for usage in usages) * _OUTPUT_USD
    costs = [(attempt.cost_usd, attempt.uncached_cost_usd) for attempt in attempts]
    return Spent(
        calls=len(attempts),
        input_tokens=sum(usage.input_tokens for usage in usages),
        read_tokens=sum(usage.cached_input_tokens for usage in usages),
        written_tokens=sum(usage.cache_write_input_tokens for usage in usages),
        input_usd=sum((cost for cost, _ in costs if cost is not None), Decimal(0)) - output_usd,
        uncached_usd=sum((uncached or cost or Decimal(0) for cost, uncached in costs), Decimal(0)) - output_usd,
    )


def _attempts(bootstrap: str, topic: str, least: int) -> list[AttemptRecorded]:
    """Read all calls that are recorded, so many at least: a result may be seen before the calls of its transaction."""
    settings = {"bootstrap.servers": bootstrap, "group.id": topic, "isolation.level": "read_committed"}
    consumer = Consumer({**settings, "enable.auto.commit": False, "enable.partition.eof": True})
    found: list[AttemptRecorded] = []
    try:
        partitions = consumer.list_topics(topic, timeout=_READ_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        ended: set[int] = set()
        while len(ended) < len(partitions) or len(found) < least:
            message = consumer.poll(_READ_S)
            if message is None:
                raise RuntimeError(f"{topic} cannot be read to its end within {_READ_S:g} s")
            if (error := message.error()) is not None:
                # Others are of a broker that is slow; the driver goes on.
                if error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition() or 0)
            elif (value := message.value()) is not None:
                event = decode(AttemptRecorded.event_type, AttemptRecorded.version, value)
                found += [event] if isinstance(event, AttemptRecorded) else []
    finally:
        consumer.close()
    return found


def _billed(deployment: Deployment) -> Spent:
    with urllib.request.urlopen(deployment.simulator_url.replace("/v1", "/bill"), timeout=_READ_S) as response:
        bill: dict[str, Any] = json.load(response)
    return Spent(
        calls=bill["calls"],
        input_tokens=bill["input_tokens"],
        read_tokens=bill["cached_input_tokens"],
        written_tokens=bill["cache_write_tokens"],
        input_usd=Decimal(bill["input_cost_usd"]),
        uncached_usd=bill["input_tokens"] * Decimal(PRICES["HEADCHEF_SIMULATOR_INPUT_USD"]) / 1_000_000,
    )
