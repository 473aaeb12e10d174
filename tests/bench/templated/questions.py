"""The questions of a stream as the cache sees them: planned by the router, with a vector for each text."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headchef_contracts.events.common import JobHead
from headchef_contracts.events.jobs import JobSubmitted

from headchef import equality
from headchef.canonical import canonical
from headchef.checks import installed
from headchef.embedding.hashed import HashedEmbedder
from headchef.router.policy import plan
from headchef.schema import SchemaCache
from headchef.template import Renderer
from tests.bench.templated.stream import Asked
from tests.router.conftest import make_catalogue
from tests.support.builders import make_head, make_job

Vector = NDArray[np.float32]

EMBEDDER = HashedEmbedder()


@dataclass(frozen=True, slots=True)
class Question:
    """One of the stream.

    Attributes:
        facts: by which an answer to it is right.
        scope: within which it is compared with others.
        text: its free text.
        pool: whose bound allows it to be answered.
        prompt: as the model would be shown it.
    """

    facts: bytes
    scope: str
    text: str
    pool: str
    prompt: str


def planned(asked: Iterable[Asked]) -> list[Question]:
    """Plan the job of each question as the router does."""
    head = make_head()
    known: dict[str, Any] = {
        "catalogue": make_catalogue(),
        "schemas": SchemaCache(1),
        "registry": installed(),
        "judges": equality.installed(),
        "renderer": Renderer(max_templates=8, max_work=400_000),
        "max_prompt_bytes": 50_000,
    }
    return [_planned(each, head, known) for each in asked]


def vectors_of(texts: Sequence[str]) -> dict[str, Vector]:
    """Turn texts into vectors of length 1, each text once."""
    different = list(dict.fromkeys(texts))
    vectors = asyncio.run(EMBEDDER.embed(different))
    return {text: np.asarray(vector, np.float32) for text, vector in zip(different, vectors, strict=True)}


def _planned(asked: Asked, head: JobHead, known: dict[str, Any]) -> Question:
    semantic = {"free_text": ["question"], "purpose": "answer", "max_wrong": 0.01, "mode": "serve"}
    job = JobSubmitted.model_validate(make_job(prompt=asked.template, input=asked.input, semantic=semantic))
    step = plan(job, head, **known)
    question = step.semantic
    if question is None:
        raise AssertionError("a job that asks for it has a question that may be compared")
    prompt = step.request.messages[0].content.model_dump()["inline"]
    return Question(canonical(asked.facts), question.scope, question.text, question.pool, prompt)
