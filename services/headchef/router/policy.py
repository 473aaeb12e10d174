"""Decides what a submitted job asks of which model. Pure: the same job, catalogue and limits give the same step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from headchef_contracts import topics
from headchef_contracts.events.common import Body, Inline, JobClass, JobHead
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobSubmitted, Tried
from headchef_contracts.events.steps import Message, ModelRequest, Step

from headchef.catalogue import Catalogue, Model
from headchef.router.candidates import can_read, candidates_for
from headchef.router.canonical import canonical, fingerprint
from headchef.router.refusal import Refused
from headchef.schema import SchemaCache, SchemaRefused
from headchef.template import Rendered, TemplateRefused

POLICY_VERSION = "router/4"
_BULK_DOOR = topics.of_class("jobs.submitted", "bulk")


@dataclass(frozen=True, slots=True)
class NobodyLeft:
    """A step that failed is not planned again, and why."""

    why: str


Role = Literal["system", "user"]
Render = Callable[[str, Mapping[str, Any]], Rendered]
"""Fills a template with the values that it may name. Raises `TemplateRefused`."""


def plan(
    job: JobSubmitted,
    *,
    job_class: JobClass,
    home_partition: int,
    submitted_at: datetime,
    catalogue: Catalogue,
    schemas: SchemaCache,
    render: Render,
    max_prompt_bytes: int,
) -> Step:
    """Plan the one step of a job.

    Args:
        job: as submitted, within its contract.
        job_class: of the work that it makes.
        home_partition: the partition of `jobs.submitted` whose task owns the job.
        submitted_at: when the job was published.
        catalogue: the models in force.
        schemas: compiles output schemas.
        render: fills templates.
        max_prompt_bytes: of all messages together with their images, as JSON.

    Raises:
        Refused: a reference that is not supported, an unknown model or one that takes no images, a bad schema or
            template, too long a prompt.
    """
    values = _input(job)
    said = []
    if job.system is not None:
        said.append(_message("system", _filled(job.system, "system", values, render)))
    images = tuple(Image(**image.model_dump(exclude_none=True)) for image in job.images)
    said.append(_message("user", _filled(job.prompt, "prompt", values, render), images))
    model, candidates = candidates_for(job, catalogue)
    schema = job.output.json_schema
    if schema is not None:
        _check_schema(schema, schemas)
    written = canonical([_asked(message) for message in said])
    if len(written) > max_prompt_bytes:
        what = "the prompt with its images has" if images else "the prompt has"
        raise Refused("too_large", "prompt", f"{what} {len(written)} bytes; at most {max_prompt_bytes} are taken")
    prompt_sha256 = sha256(written).hexdigest()
    request = ModelRequest(
        model=model.name,
        lane=model.lane,
        messages=tuple(said),
        parameters=job.parameters,
        output_schema=schema,
    )
    return Step(
        job=_head(job, job_class, home_partition, submitted_at),
        fingerprint=_fingerprint(job.tenant, prompt_sha256, request),
        prompt_sha256=prompt_sha256,
        request=request,
        cache=job.cache,
        catalog_version=catalogue.version,
        candidates=candidates,
        **_in_use(catalogue, model, None),
    )


def class_of(job: JobSubmitted, entry: str) -> JobClass:
    """Say of which class a job is: the one that it names itself, else that of the topic in which it lies.

    Args:
        job: as submitted.
        entry: logical name of the topic.
    """
    if "job_class" in job.model_fields_set:
        return job.job_class
    return "bulk" if entry == _BULK_DOOR else "interactive"


def replan(step: Step) -> Step:
    """Plan a step again whose reused answer was refused: this time a model is asked."""
    return step.model_copy(update={"plan": step.plan + 1, "cache": "bypass"})


def next_candidate(step: Step, failed: Tried, *, catalogue: Catalogue, now: datetime) -> Step | NobodyLeft:
    """Plan a step again whose model failed for good: the next candidate is asked the same.

    Args:
        step: as it failed; its candidates are those that the catalogue named when the job came.
        failed: what it came to.
        catalogue: the models in force; candidates that it does not have any more, or that do not take the step's
            images any more, are passed over.
        now: the time.
    """
    deadline = step.job.deadline
    if deadline is not None and deadline <= now:
        return NobodyLeft(f"the deadline {deadline} passed before another model was asked")
    shows_images = any(message.images for message in step.request.messages)
    for number, name in enumerate(step.candidates):
        model = catalogue.models.get(name)
        if model is not None and can_read(model, shows_images=shows_images):
            return _handed_over(step, failed, model, step.candidates[number + 1 :], catalogue)
    gone = f"{', '.join(step.candidates)}{' with images' if shows_images else ''}"
    return NobodyLeft(f"no other model was asked: catalogue {catalogue.version} does not have {gone}")


def _handed_over(step: Step, failed: Tried, model: Model, candidates: tuple[str, ...], catalogue: Catalogue) -> Step:
    """Ask another model the same; its output limit is put in by the executor, as for any step."""
    request = step.request.model_copy(update={"model": model.name, "lane": model.lane})
    return step.model_copy(
        update={
            "plan": step.plan + 1,
            "fingerprint": _fingerprint(step.job.tenant, step.prompt_sha256, request),
            "request": request,
            "catalog_version": catalogue.version,
            "candidates": candidates,
            "tried": (*step.tried, failed),
        }
        | _in_use(catalogue, model, step.lane_partitions)
    )


def _in_use(catalogue: Catalogue, model: Model, known: int | None) -> dict[str, Any]:
    """Say how many partitions of a model's lane are in use, unless that is known; what is not set is not written."""
    active = catalogue.lanes[model.lane].active_partitions
    return {} if active == known else {"lane_partitions": active}


def _fingerprint(tenant: str, prompt_sha256: str, request: ModelRequest) -> str:
    return fingerprint(
        tenant=tenant,
        model=request.model,
        prompt_sha256=prompt_sha256,
        parameters=request.parameters.model_dump(exclude_none=True),
        output_schema=request.output_schema,
    )


def _input(job: JobSubmitted) -> dict[str, Any] | None:
    if job.input is None:
        return None
    if not isinstance(job.input, Inline):
        raise _reference("input")
    values: dict[str, Any] = job.input.inline
    return values


def _filled(body: Body, field: str, values: dict[str, Any] | None, render: Render) -> Rendered:
    """Fill a text. One that is no template is all of one piece if it is a system prompt, which jobs tend to share."""
    if not isinstance(body, Inline):
        raise _reference(field)
    text: str = body.inline
    if values is None:
        return Rendered(text, len(text) if field == "system" else 0)
    try:
        return render(text, {"input": values})
    except TemplateRefused as refused:
        raise Refused("template", field, str(refused)) from refused


def _message(role: Role, rendered: Rendered, images: tuple[Image, ...] = ()) -> Message:
    """Write a message; what is not set in it is not written into the event."""
    hints: dict[str, Any] = {"static_characters": rendered.static_characters} if rendered.static_characters else {}
    shown: dict[str, Any] = {"images": images} if images else {}
    return Message(role=role, content=Inline(inline=rendered.text), **shown, **hints)


def _asked(message: Message) -> tuple[object, ...]:
    """Give all of a message that an answer depends on: equal prompts with other images are not the same."""
    text = message.content.inline if isinstance(message.content, Inline) else None
    images = [image.model_dump(exclude_none=True) for image in message.images]
    return (message.role, text, images) if images else (message.role, text)


def _reference(field: str) -> Refused:
    return Refused(
        "unsupported_reference", field, "references to an object store are not supported yet: send it inline"
    )


def _check_schema(schema: dict[str, Any], schemas: SchemaCache) -> None:
    try:
        schemas.compiled(schema)
    except SchemaRefused as refused:
        place = f"output.schema.{refused.path}" if refused.path else "output.schema"
        raise Refused("invalid", place, f"not a usable JSON Schema: {refused.message}") from refused


def _head(job: JobSubmitted, job_class: JobClass, home_partition: int, submitted_at: datetime) -> JobHead:
    return JobHead(
        job_id=job.job_id,
        run=job.run,
        revision=job.revision,
        tenant=job.tenant,
        job_class=job_class,
        home_partition=home_partition,
        batch_id=job.batch_id,
        conversation_id=job.conversation_id,
        subject=job.subject,
        labels=job.labels,
        deadline=job.deadline,
        submitted_at=submitted_at,
    )
