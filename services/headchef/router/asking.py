"""What it takes to plan a step again, whatever the reason: whom to ask, what, and how that is named. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from headchef_contracts import topics
from headchef_contracts.events.common import Decided, Inline, Ref
from headchef_contracts.events.steps import Message, ModelRequest, Step, StepJudged, StepPlanned

from headchef.canonical import canonical
from headchef.catalogue import Catalogue, Model
from headchef.router.candidates import can_read
from headchef.router.hashes import fingerprint
from headchef.router.semantic import asked_elsewhere
from headchef.runtime.processor import Emit


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """A step that failed is not planned again, and why."""

    why: str


def out_of_reach(judged: StepJudged) -> NobodyLeft | None:
    """Say that a step cannot be planned again as what was asked, or what was said, cannot be had, if that is so."""
    asked = any(isinstance(message.content, Ref) for message in judged.step.request.messages)
    if not asked and judged.said_reference is None:
        return None
    return NobodyLeft("the question or its answer cannot be had from the object store that HEADCHEF_BODIES names")


def in_time(step: Step, now: datetime) -> NobodyLeft | None:
    """Say that it is too late to ask anybody, if it is."""
    deadline = step.latest
    if deadline is not None and deadline <= now:
        return NobodyLeft(f"the deadline {deadline} passed before another answer was asked for")
    return None


def next_model(step: Step, catalogue: Catalogue) -> tuple[Model, tuple[str, ...]] | None:
    """Give the model to ask next, and the names of those after it.

    Args:
        step: its candidates are those that the catalogue named when the job came.
        catalogue: the models in force; candidates that it does not have any more, or that do not take the step's
            images any more, are passed over.
    """
    for number, name in enumerate(step.candidates):
        model = catalogue.models.get(name)
        if model is not None and can_read(model, shows_images=shows_images(step)):
            return model, step.candidates[number + 1 :]
    return None


def shows_images(step: Step) -> bool:
    """Say whether a step shows its model any."""
    return any(message.images for message in step.request.messages)


def asked_of(
    step: Step, model: Model, candidates: tuple[str, ...], catalogue: Catalogue, changes: dict[str, Any]
) -> Step:
    """Ask another model a step's question, without what a former one said to it.

    Its output limit is put in by the executor, as for any step.

    Args:
        step: as it was planned for the former one.
        model: the other one.
        candidates: to be asked after it.
        catalogue: that has it.
        changes: other fields of the step.
    """
    messages = step.request.messages[: step.question]
    prompt_sha256 = step.prompt_sha256 if step.question is None else hash_of(messages)
    request = step.request.model_copy(update={"model": model.name, "lane": model.lane, "messages": messages})
    return step.model_copy(
        update={
            "plan": step.plan + 1,
            "fingerprint": fingerprint_of(step.job.tenant, prompt_sha256, request),
            "prompt_sha256": prompt_sha256,
            "request": request,
            "catalog_version": catalogue.version,
            "candidates": candidates,
        }
        | ({} if step.question is None else {"question": None})
        | lane_in_use(catalogue, model, step.lane_partitions)
        | meant_elsewhere(step, request)
        | changes
    )


def lane_in_use(catalogue: Catalogue, model: Model, known: int | None) -> dict[str, Any]:
    """Say how many partitions of a model's lane are in use, unless that is known; what is not set is not written."""
    active = catalogue.lanes[model.lane].active_partitions
    return {} if active == known else {"lane_partitions": active}


def meant_elsewhere(step: Step, request: ModelRequest) -> dict[str, Any]:
    """Give how a step's question may be compared now that another model is asked, or with other parameters."""
    return {} if step.semantic is None else {"semantic": asked_elsewhere(step.semantic, step.job.tenant, request)}


def fingerprint_of(tenant: str, prompt_sha256: str, request: ModelRequest) -> str:
    """Name a question: equal ones meet in the cache. Checks are no part of it, since a hit is judged again."""
    return fingerprint(
        tenant=tenant,
        model=request.model,
        prompt_sha256=prompt_sha256,
        parameters=request.parameters.model_dump(exclude_none=True),
        output_schema=request.output_schema,
    )


def hash_of(messages: Sequence[Message]) -> str:
    """Give the hash of all in some messages that an answer depends on."""
    return sha256(written(messages)).hexdigest()


def written(messages: Sequence[Message]) -> bytes:
    """Write all in some messages that an answer depends on, with their images, as JSON: what is hashed and measured."""
    return canonical([_asked(message) for message in messages])


def _asked(message: Message) -> tuple[object, ...]:
    """Give all of a message that an answer depends on: equal prompts with other images are not the same."""
    text = message.content.inline if isinstance(message.content, Inline) else None
    images = [image.model_dump(exclude_none=True) for image in message.images]
    return (message.role, text, images) if images else (message.role, text)


def planned(step: Step, decided: Decided, identity: str | None = None) -> Emit:
    """Address the plan of a step, by the class of its job.

    Args:
        step: as it is to be asked.
        decided: when, and from what.
        identity: of the event, if its input does not tell it.
    """
    topic = topics.of_class("steps.planned", step.job.job_class)
    return Emit(topic, StepPlanned(step=step, decided=decided), identity=identity)
