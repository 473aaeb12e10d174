"""Both classes of work on real Kafka: each has its topics from the door on, and one result a job."""

from typing import Any

import pytest

from headchef_contracts import topics
from headchef_contracts.placement import home_partition

from tests.support.pipeline import Pipeline

BULK = "jobs.submitted.bulk"
STEPS = ("steps.planned", "steps.dispatched.default")


def places(pipeline: Pipeline, job_id: str) -> set[str]:
    """Give the topics of steps that speak of a job, without those that all classes share."""
    both = [topic for each in STEPS for topic in (each, f"{each}.bulk")]
    return {topic for topic in both for it in pipeline.of(topic) if it.event["step"]["job"]["job_id"] == job_id}


@pytest.mark.parametrize(
    ("entry", "says", "suffix"),
    [
        ("jobs.submitted", {}, ""),
        (BULK, {}, ".bulk"),
        ("jobs.submitted", {"class": "bulk"}, ".bulk"),
        (BULK, {"class": "interactive"}, ""),
    ],
)
def test_a_job_goes_its_way_in_the_topics_of_its_class(
    pipeline: Pipeline, job_id: str, entry: str, says: dict[str, Any], suffix: str
) -> None:
    job = {"job_id": job_id, "prompt": f"Describe the lamp {job_id}.", **says}
    pipeline.publish(job, topic=entry, key=job_id)
    result = pipeline.result(job_id)
    assert (result["status"], result["job"]["class"]) == ("ok", suffix.removeprefix(".") or "interactive")
    pipeline.settled()
    assert places(pipeline, job_id) == {f"{topic}{suffix}" for topic in STEPS}


def test_a_job_in_both_topics_has_one_result(pipeline: Pipeline, job_id: str) -> None:
    job = {"job_id": job_id, "prompt": f"Describe the rug {job_id}."}
    for entry in (BULK, "jobs.submitted", BULK):
        pipeline.publish(job, topic=entry)
    pipeline.result(job_id)
    pipeline.settled()
    assert len(pipeline.results(job_id)) == 1


def test_a_bulk_job_that_is_refused_has_its_bytes_in_the_dead_letters_of_its_topic(
    pipeline: Pipeline, job_id: str
) -> None:
    home = home_partition(job_id, None, topics.topic(BULK).partitions)
    message = pipeline.publish({"job_id": job_id, "prompt": 7}, topic=BULK, key=job_id, partition=home)
    letter = pipeline.letter(message)
    assert (letter.value, letter.headers["headchef-field"]) == (message.value(), "prompt")
