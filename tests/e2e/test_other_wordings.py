"""Questions in other words on real Kafka: what is learnt lets answers be reused, within the bound, also after kills."""

import json
import uuid
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

MAX_WRONG, A_WAVE, WAVES, SHADOWED = 0.2, 60, 8, 30
SUBJECTS = {
    "refund": "get my money back",
    "address": "change where it is delivered",
    "password": "set a new password",
    "invoice": "see what I have paid",
    "cancel": "end my subscription",
    "delay": "find out why it is late",
    "colour": "have it in another colour",
    "size": "swap it for a larger one",
    "gift": "have it wrapped as a present",
    "card": "pay by credit card",
    "voucher": "use a voucher",
    "repair": "have it mended",
}
ASKING = (
    "how can I",
    "please tell me how to",
    "what is the way to",
    "I want to",
    "can you help me",
    "where do I go to",
)
MORE = ("", "today", "right now", "without a login", "for a friend", "on the phone", "once more", "from abroad")
SCHEMA = {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]}


def questions() -> list[tuple[str, str]]:
    """Give each question with its subject, mixed up; the simulator reads the subject out of the last line."""
    drawn = [
        (f"{asking} {words} {more}".strip() + f"\ntopic: {subject}", subject)
        for asking, (subject, words), more in product(ASKING, SUBJECTS.items(), MORE)
    ]
    Random(1).shuffle(drawn)
    return drawn


def job(number: int, question: str, mode: str) -> dict[str, Any]:
    return {
        "job_id": f"ask-{number}",
        "prompt": "What does this customer want?\n{{ input.question }}",
        "input": {"question": question},
        "output": {"schema": SCHEMA},
        "semantic": {
            "free_text": ["question"],
            "purpose": "classification",
            "max_wrong": MAX_WRONG,
            "mode": mode,
            "pool": "wants",
        },
    }


def asked(pipeline: Pipeline, made: Sequence[dict[str, Any]], before: int) -> list[dict[str, Any]]:
    """Submit jobs, and give their results."""
    for each in made:
        pipeline.publish(each, key=each["job_id"])
    pipeline.wait_for_count("jobs.finished", before + len(made))
    pipeline.settled()
    wanted = {each["job_id"] for each in made}
    results = [it.event for it in pipeline.of("jobs.finished")]
    return [each for each in results if each["job"]["job_id"] in wanted]


def reused(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in results if each["cache"]["kind"] == "semantic"]


@pytest.mark.timeout(300)
def test_answers_serve_other_wordings_once_enough_is_learnt(kafka: str, tmp_path: Path) -> None:
    drawn = questions()
    subjects = {f"ask-{number}": subject for number, (_, subject) in enumerate(drawn)}
    made = [job(number, question, "serve") for number, (question, _) in enumerate(drawn)]
    deployment = Deployment(
        *(kafka, f"words-{uuid.uuid4().hex[:8]}", tmp_path),
        counts={"accounts": 1},
        environment={"HEADCHEF_SESSION_TIMEOUT_S": "6"},
    )
    with deployment, Pipeline(deployment) as pipeline:
        waves = []
        for wave in range(WAVES):
            if wave == WAVES - 2:
                # What is learnt lies in topics, and outlives whoever has learnt it.
                for victim in (*deployment.of("accounts"), *deployment.of("cache")):
                    victim.kill()
                    victim.start()
            waves.append(asked(pipeline, made[wave * A_WAVE : (wave + 1) * A_WAVE], wave * A_WAVE))
        rest = WAVES * A_WAVE
        shadowed = [job(rest + number, drawn[rest + number][0], "shadow") for number in range(SHADOWED)]
        in_shadow = asked(pipeline, shadowed, rest)
        newest = [it.event for it in pipeline.of("cache.bounds")][-1]
        observed = [it.event for it in pipeline.of("cache.observed")]
        hits = [each for wave in waves for each in reused(wave)]
        story = " ".join(typed(deployment, "explain", hits[0]["job"]["job_id"]).split())

    assert all(each["status"] == "ok" for wave in waves for each in wave)
    assert not reused(waves[0]), "nothing is reused before something is learnt"
    assert all(len(reused(wave)) > A_WAVE / 4 for wave in waves[-2:]), "and much is, also after all was killed"
    wrong = [each for each in hits if each["output"]["inline"]["topic"] != subjects[each["job"]["job_id"]]]
    assert len(wrong) <= MAX_WRONG * len(hits)
    assert all(each["cost_usd"] == "0" and each["cache"]["nearest"]["bound"] > 0 for each in hits)
    assert not reused(in_shadow)
    assert sum(each["cache"].get("nearest", {}).get("choice") == "serve" for each in in_shadow) > SHADOWED / 4
    assert sum(each["kind"] == "served" for each in observed) == len(hits)
    labels = [each for each in observed if each["kind"] == "label"]
    assert len({json.dumps(each["asker"]) for each in labels}) == len(labels)
    assert newest["counts"]["labels"] <= len(labels)
    assert "to a question that means the same reused, likeness" in story
    assert "told to pool wants: an earlier answer was reused" in story
