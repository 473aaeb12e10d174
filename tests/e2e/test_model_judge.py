"""A model says whether two answers are the same: on real Kafka, by the way of all jobs; nobody else hears of it."""

import uuid
from pathlib import Path
from typing import Any

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment


def job(number: int, question: str) -> dict[str, Any]:
    return {
        "job_id": f"ask-{number}",
        "tenant": "acme",
        "prompt": "Answer this customer.\n{{ input.question }}",
        "input": {"question": question},
        "semantic": {
            "free_text": ["question"],
            "purpose": "answer",
            "max_wrong": 0.05,
            "pool": "wants",
            "compare": {"judge": "model", "arguments": {"heed": "what is allowed must be the same"}},
        },
    }


def test_a_model_labels_an_answer_and_only_its_pool_hears_of_it(kafka: str, tmp_path: Path) -> None:
    deployment = Deployment(kafka, f"judge-{uuid.uuid4().hex[:8]}", tmp_path, counts={"accounts": 1})
    with deployment, Pipeline(deployment) as pipeline:
        for number, question in enumerate(("How do I get my money back?", "Please tell me how to get my money back")):
            pipeline.publish(job(number, question), key=f"ask-{number}")
            pipeline.wait_for_count("jobs.finished", number + 1)
            pipeline.settled()
        pipeline.wait_for_count("cache.observed", 3)
        pipeline.settled()
        asked, ended, label = (it.event for it in pipeline.of("cache.observed"))
        [planned] = (it.event for it in pipeline.of("judgements.planned"))
        assert asked["judge"] == "model/1"
        assert "what is allowed must be the same" in planned["question"]["system"]
        assert ended["same"] in (True, False)
        assert (label["kind"], label["wrong"]) == ("label", not ended["same"])
        assert label["judge"].startswith("model/1 by ")
        assert label["judgement"]["job_id"] == ended["job_id"] == planned["job_id"]
        assert [it.event["job"]["job_id"] for it in pipeline.of("jobs.finished")] == ["ask-0", "ask-1"]
        [paid] = (it.event for it in pipeline.of("attempts.recorded") if it.event["job"]["job_id"] == planned["job_id"])
        assert (paid["job"]["tenant"], paid["job"]["class"]) == ("acme", "bulk")
        assert paid["cost_usd"] == label["judgement"]["cost_usd"]
