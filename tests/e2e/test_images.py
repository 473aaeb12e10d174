"""Images on their way through all services: seen by the model, told apart by the cache, refused where nobody looks."""

from typing import Any

from tests.support.images import ADDRESS, digest_of, png, written
from tests.support.pipeline import Pipeline


def ask(pipeline: Pipeline, job_id: str, *images: dict[str, str], **fields: Any) -> dict[str, Any]:
    job = {"job_id": job_id, "prompt": "What is to be seen?", "model": "seeing", "images": images, **fields}
    pipeline.publish(job, key=job_id)
    return pipeline.result(job_id)


def test_a_model_sees_what_a_job_shows(pipeline: Pipeline, job_id: str) -> None:
    content = png() + bytes(60_000)
    result = ask(pipeline, job_id, {"media_type": "image/png", "base64": written(content)})
    assert result["status"] == "ok"
    assert f"image/png {digest_of(content)}, {len(content)} bytes" in result["output"]["inline"]
    assert 765 < result["usage"]["input_tokens"] < 765 + 200, "its bytes are not counted as text"


def test_the_cache_tells_images_apart(pipeline: Pipeline, job_id: str) -> None:
    kinds = []
    for number, version in enumerate(("1", "2", "1")):
        image = {"media_type": "image/png", "url": f"{ADDRESS}?{job_id}-{version}"}
        kinds.append(ask(pipeline, f"{job_id}-{number}", image)["cache"]["kind"])
        pipeline.settled()
    assert kinds == ["miss", "miss", "exact"]


def test_a_model_that_takes_none_is_not_asked(pipeline: Pipeline, job_id: str) -> None:
    image = {"media_type": "image/png", "url": ADDRESS}
    job = {"job_id": job_id, "prompt": "What is to be seen?", "model": "simulated", "images": [image]}
    pipeline.publish(job, key=job_id)
    refused = pipeline.mention("jobs.refused", job_id.encode()).event
    assert (refused["reason"], refused["field"]) == ("invalid", "images")
    assert refused["message"] == "the model 'simulated' takes no images; name a model that does, such as seeing"
