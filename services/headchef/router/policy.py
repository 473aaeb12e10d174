"""Decides what a submitted job asks of which model. Pure: the same job, catalogue and limits give the same step."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from headchef_contracts import topics
from headchef_contracts.events.common import Body, Inline, JobClass, JobHead, StepCheck
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.output import OutputSpec
from headchef_contracts.events.semantic import SemanticQuestion
from headchef_contracts.events.steps import Message, ModelRequest, Step

from headchef import equality
from headchef.canonical import canonical
from headchef.catalogue import Catalogue
from headchef.checks import Registry
from headchef.marks import marks_of_question
from headchef.router.asking import fingerprint_of, lane_in_use, written
from headchef.router.candidates import candidates_for
from headchef.router.checked import checks_of
from headchef.router.compared import see_comparison
from headchef.router.refusal import Refused
from headchef.router.semantic import question_of
from headchef.schema import SchemaCache, SchemaRefused
from headchef.template import Rendered, Renderer, TemplateRefused

POLICY_VERSION = "router/9"
_OF_BULK = topics.of_class("", "bulk")


Role = Literal["system", "user"]


def plan(
    job: JobSubmitted,
    head: JobHead,
    *,
    catalogue: Catalogue,
    schemas: SchemaCache,
    registry: Registry,
    judges: equality.Registry,
    renderer: Renderer,
    max_prompt_bytes: int,
) -> Step:
    """Plan the one step of a job that is a question.

    Args:
        job: as submitted, within its contract.
        head: of its events.
        catalogue: the models in force.
        schemas: compiles output schemas.
        registry: has the checks that there are.
        judges: of equality, that there are.
        renderer: fills templates.
        max_prompt_bytes: of all messages together with their images, as JSON; and of the checks with their arguments.

    Raises:
        Refused: an unknown model or tier, one that takes no images, a bad schema, check, template or judge, a free
            text that is none, too long a prompt.
    """
    values = _input(job)
    said, sources = [], _sources(job)
    if job.system is not None:
        said.append(_message("system", _filled(sources["system"], "system", values, renderer)))
    images = tuple(Image(**image.model_dump(exclude_none=True)) for image in job.images)
    said.append(_message("user", _filled(sources["prompt"], "prompt", values, renderer), images))
    model, candidates = candidates_for(job, catalogue)
    schema = job.output.json_schema
    if schema is not None:
        _check_schema(schema, schemas)
    see_comparison(job, judges, catalogue)
    checks = checks_of(job, values, registry=registry, renderer=renderer)
    prompt_bytes = written(said)
    _check_size(prompt_bytes, said, checks, max_prompt_bytes)
    prompt_sha256 = sha256(prompt_bytes).hexdigest()
    request = ModelRequest(
        model=model.name,
        lane=model.lane,
        messages=tuple(said),
        parameters=job.parameters,
        output_schema=schema,
    )
    return Step(
        job=head,
        fingerprint=fingerprint_of(job.tenant, prompt_sha256, request),
        prompt_sha256=prompt_sha256,
        request=request,
        cache=job.cache,
        catalog_version=catalogue.version,
        candidates=candidates,
        **_marked(job),
        **_demands(checks, job.output),
        **_meant(question_of(job, values or {}, sources, request, renderer)),
        **lane_in_use(catalogue, model, None),
    )


def class_of(job: JobSubmitted, entry: str) -> JobClass:
    """Say of which class a job is: the one that it names itself, else that of the topic in which it lies.

    Args:
        job: as submitted.
        entry: logical name of the topic.
    """
    if "job_class" in job.model_fields_set:
        return job.job_class
    return "bulk" if entry.endswith(_OF_BULK) else "interactive"


def _input(job: JobSubmitted) -> dict[str, Any] | None:
    if job.input is None:
        return None
    values: dict[str, Any] = _inline(job.input)
    return values


def _sources(job: JobSubmitted) -> dict[str, str]:
    """Give the texts of a job, by their fields, in the order in which the model is shown what is made from them."""
    if job.prompt is None:
        raise AssertionError("the contract lets no job come with neither prompt nor workflow")
    system = {} if job.system is None else {"system": _inline(job.system)}
    return {**system, "prompt": _inline(job.prompt)}


def _filled(text: str, field: str, values: dict[str, Any] | None, renderer: Renderer) -> Rendered:
    """Fill a text. One that is no template is all of one piece if it is a system prompt, which jobs tend to share."""
    if values is None:
        return Rendered(text, len(text) if field == "system" else 0)
    try:
        return renderer.render(text, {"input": values})
    except TemplateRefused as refused:
        raise Refused("template", field, str(refused)) from refused


def _message(role: Role, rendered: Rendered, images: tuple[Image, ...] = ()) -> Message:
    """Write a message; what is not set in it is not written into the event."""
    hints: dict[str, Any] = {"static_characters": rendered.static_characters} if rendered.static_characters else {}
    shown: dict[str, Any] = {"images": images} if images else {}
    return Message(role=role, content=Inline(inline=rendered.text), **shown, **hints)


def _inline(body: Body) -> Any:
    if not isinstance(body, Inline):
        raise AssertionError("the door puts a value in the place of each reference")
    return body.inline


def _demands(checks: tuple[StepCheck, ...], output: OutputSpec) -> dict[str, Any]:
    """Give what an answer must pass, and how often another may be asked for; what is not set is not written."""
    demands = {"checks": checks, "repairs": output.repairs, "truncations": output.truncations}
    return {name: wanted for name, wanted in demands.items() if wanted}


def _meant(question: SemanticQuestion | None) -> dict[str, Any]:
    """Give the question as it may be compared, if it may; what is not set is not written."""
    return {} if question is None else {"semantic": question}


def _marked(job: JobSubmitted) -> dict[str, Any]:
    """Give by what the answer can be invalidated; what is not set is not written."""
    marks = marks_of_question(job)
    return {} if marks is None else {"marks": marks}


def _check_size(prompt: bytes, said: Sequence[Message], checks: Sequence[StepCheck], max_bytes: int) -> None:
    if (size := len(prompt)) > max_bytes:
        what = "the prompt with its images has" if any(message.images for message in said) else "the prompt has"
        raise Refused("too_large", "prompt", f"{what} {size} bytes; at most {max_bytes} are taken")
    if checks and (size := len(canonical([check.model_dump() for check in checks]))) > max_bytes:
        message = f"with what they are held against the checks have {size} bytes; at most {max_bytes} are taken"
        raise Refused("too_large", "output.checks", message)


def _check_schema(schema: dict[str, Any], schemas: SchemaCache) -> None:
    try:
        schemas.compiled(schema)
    except SchemaRefused as refused:
        place = f"output.schema.{refused.path}" if refused.path else "output.schema"
        raise Refused("invalid", place, f"not a usable JSON Schema: {refused.message}") from refused


def head_of(job: JobSubmitted, *, job_class: JobClass, home_partition: int, submitted_at: datetime) -> JobHead:
    """Give what all events of a job repeat.

    Args:
        job: as submitted.
        job_class: of the work that it makes.
        home_partition: the partition of `jobs.submitted` whose task owns the job.
        submitted_at: when the job was published.
    """
    named: dict[str, Any] = {"batch_size": job.batch_size, "batch_max_reject_rate": job.batch_max_reject_rate}
    of_batch = {name: value for name, value in named.items() if value is not None}
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
        **of_batch,
    )
