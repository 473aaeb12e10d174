"""Jobs from clients that are not ours: librdkafka's placement and compression, no keys, no CloudEvents headers."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import Producer

from headchef_contracts.placement import home_partition
from headchef_contracts.topics import physical

from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline

PARTITIONS = 4
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def make(job_id: str, **fields: Any) -> dict[str, Any]:
    return {"job_id": job_id, "prompt": f"Describe the chair {job_id}.", **fields}


def elsewhere(job_id: str) -> int:
    """Give a partition that is not the job's home."""
    return (home_partition(job_id, None, PARTITIONS) + 1) % PARTITIONS


def produce_all(producer: Producer, topic: str, jobs: Sequence[dict[str, Any]], *, keyed: bool = True) -> None:
    for job in jobs:
        producer.produce(topic, json.dumps(job).encode(), job["job_id"] if keyed else None)
    assert producer.flush(PATIENCE_S) == 0


def test_plain_json_becomes_one_result(pipeline: Pipeline, job_id: str) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    asked = make(job_id, output={"schema": schema}, labels={"shop": "north"})
    pipeline.publish(asked, key=job_id)
    result = pipeline.result(job_id)
    assert result["status"] == "ok"
    assert isinstance(result["output"]["inline"]["title"], str)
    assert result["job"]["labels"] == {"shop": "north"}
    assert result["provenance"]["model"] == "simulated"
    pipeline.settled()
    assert len(pipeline.results(job_id)) == 1


@pytest.mark.parametrize("keyed", [True, False], ids=["by CRC32", "without a key"])
def test_jobs_wherever_librdkafka_places_them(pipeline: Pipeline, job_id: str, keyed: bool) -> None:
    jobs = [make(f"{job_id}-{number}") for number in range(40)]
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    produce_all(producer, physical(pipeline.namespace, "jobs.submitted"), jobs, keyed=keyed)
    for job in jobs:
        assert pipeline.result(job["job_id"])["status"] == "ok"
    pipeline.settled()
    homes = {job["job_id"]: home_partition(job["job_id"], None, PARTITIONS) for job in jobs}
    found = [it.event["job"] for it in pipeline.of("jobs.finished") if it.event["job"]["job_id"] in homes]
    assert Counter(job["job_id"] for job in found) == Counter(homes.keys())
    assert {job["job_id"]: job["home_partition"] for job in found} == homes
    forwarded = [it for it in pipeline.submitted(job_id) if "headchef-forwarded-to" in it.headers]
    assert 0 < len(forwarded) < len(jobs), "some lay in the wrong partition, and only those were sent on"


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_compression_that_clients_use(pipeline: Pipeline, job_id: str, codec: str) -> None:
    producer = Producer({"bootstrap.servers": pipeline.bootstrap, "compression.type": codec, "linger.ms": 50})
    jobs = [make(f"{job_id}-{number}", prompt="A chair. " * 50 + str(number)) for number in range(10)]
    produce_all(producer, physical(pipeline.namespace, "jobs.submitted"), jobs)
    for job in jobs:
        assert pipeline.result(job["job_id"])["status"] == "ok"


def test_one_job_from_two_clients_that_place_it_differently(pipeline: Pipeline, job_id: str) -> None:
    """200 jobs, each from both, started together: some pairs lie apart, some side by side, and all give one result."""
    topic = physical(pipeline.namespace, "jobs.submitted")
    jobs = [make(f"{job_id}-{number}") for number in range(200)]
    together = threading.Barrier(2)

    def publish(partitioner: str) -> None:
        producer = Producer({"bootstrap.servers": pipeline.bootstrap, "partitioner": partitioner})
        producer.list_topics(timeout=PATIENCE_S)
        together.wait(PATIENCE_S)
        produce_all(producer, topic, jobs)

    with ThreadPoolExecutor(2) as clients:
        list(clients.map(publish, ["consistent_random", "murmur2_random"]))
    for job in jobs:
        pipeline.result(job["job_id"])
    pipeline.settled()
    ids = {job["job_id"] for job in jobs}
    places: dict[str, set[int]] = {job: set() for job in ids}
    for it in pipeline.submitted(job_id):
        places[it.event["job_id"]].add(it.partition)
    results = Counter(it.event["job"]["job_id"] for it in pipeline.of("jobs.finished"))
    assert {job: results[job] for job in ids} == dict.fromkeys(ids, 1)
    assert any(len(partitions) > 1 for partitions in places.values()), "the clients placed no job differently"
    assert not [it for it in pipeline.of("jobs.refused") if it.event["job_id"] in ids]


def test_a_job_sent_two_hundred_times(pipeline: Pipeline, job_id: str) -> None:
    for number in range(200):
        # The order of keys and the spaces are each client's own; the content is the same.
        text = json.dumps(
            dict(sorted(make(job_id, labels={"a": "1"}).items(), reverse=bool(number % 2))), indent=number % 3
        )
        pipeline.publish(text.encode(), key=job_id, partition=number % PARTITIONS)
    pipeline.result(job_id)
    pipeline.settled()
    assert len(pipeline.results(job_id)) == 1
    assert not [it for it in pipeline.of("jobs.refused") if it.event["job_id"] == job_id]


def test_jobs_of_a_conversation_share_its_home(pipeline: Pipeline, job_id: str) -> None:
    conversation = f"talk-{job_id}"
    home = home_partition(job_id, conversation, PARTITIONS)
    ids = [f"{job_id}-{number}" for number in range(8)]
    for number, each in enumerate(ids):
        pipeline.publish(make(each, conversation_id=conversation), key=each, partition=number % PARTITIONS)
    assert {pipeline.result(each)["job"]["home_partition"] for each in ids} == {home}
    pipeline.settled()
    arrived = [it for it in pipeline.submitted(conversation) if it.partition == home]
    assert sorted(it.event["job_id"] for it in arrived) == ids, "those at home stayed, all others were sent there once"


def test_cloudevents_in_structured_mode(pipeline: Pipeline, job_id: str) -> None:
    envelope = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "/shop",
        "type": "headchef.job.submitted",
        "datacontenttype": "application/json",
        "data": make(job_id),
    }
    content_type = ("content-type", b"application/cloudevents+json; charset=utf-8")
    pipeline.publish(envelope, key=job_id, headers=[content_type], partition=elsewhere(job_id))
    assert pipeline.result(job_id)["status"] == "ok"


def test_cloudevents_in_binary_mode(pipeline: Pipeline, job_id: str) -> None:
    said = {"specversion": "1.0", "id": uuid.uuid4().hex, "source": "/shop", "type": "headchef.job.submitted"}
    headers = [(f"ce_{name}", value.encode()) for name, value in said.items()]
    pipeline.publish(make(job_id), key=job_id, headers=headers, partition=elsewhere(job_id))
    assert pipeline.result(job_id)["status"] == "ok"


def test_the_trace_of_the_publisher_reaches_the_result(pipeline: Pipeline, job_id: str) -> None:
    headers = [("traceparent", TRACEPARENT.encode()), ("tracestate", b"shop=north")]
    pipeline.publish(make(job_id), key=job_id, headers=headers, partition=elsewhere(job_id))
    pipeline.result(job_id)
    record = next(it for it in pipeline.of("jobs.finished") if it.event["job"]["job_id"] == job_id)
    assert record.headers["traceparent"] == TRACEPARENT
    assert record.headers["tracestate"] == "shop=north"


def test_what_an_upstream_transaction_aborts_is_no_job(pipeline: Pipeline, job_id: str) -> None:
    topic = physical(pipeline.namespace, "jobs.submitted")
    producer = Producer({"bootstrap.servers": pipeline.bootstrap, "transactional.id": job_id})
    producer.init_transactions(PATIENCE_S)
    for kept in (False, True):
        producer.begin_transaction()
        producer.produce(topic, json.dumps(make(f"{job_id}-{kept}")).encode(), job_id)
        producer.flush(PATIENCE_S)
        (producer.commit_transaction if kept else producer.abort_transaction)(PATIENCE_S)
    assert pipeline.result(f"{job_id}-True")["status"] == "ok"
    pipeline.settled()
    assert pipeline.results(f"{job_id}-False") == []


def test_two_results_are_told_apart_from_one_run_and_the_next(pipeline: Pipeline, job_id: str) -> None:
    for run in (0, 1, 1):
        pipeline.publish(make(job_id, run=run), key=job_id)
    pipeline.result(job_id)
    pipeline.settled()
    assert sorted(it["job"]["run"] for it in pipeline.results(job_id)) == [0, 1]
