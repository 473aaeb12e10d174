"""Tells what of a question may be worded in another way from what must be equal for its answer to be reused. Pure.

What must be equal makes the scope: tenant, model, parameters and schema, as in a fingerprint, and the frame, which is
all that the model is shown but for the free texts. Checks are no part of it: they are made again on every answer that
is reused, with what this job holds it against.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.semantic import SemanticQuestion, SemanticUse
from headchef_contracts.events.steps import Message, ModelRequest

from headchef.canonical import canonical
from headchef.router.hashes import scope
from headchef.router.refusal import Refused
from headchef.schema import kind_of
from headchef.template import (
    Pieces,
    Place,
    Reads,
    Renderer,
    TemplateRefused,
    in_pieces,
    misuse_of,
    name_of,
    value_at,
    writes,
)

Sources = Mapping[str, str]
"""The templates of a job, by the fields in which they stand."""

_ROOT = "input"


def question_of(
    job: JobSubmitted, values: Mapping[str, Any], sources: Sources, request: ModelRequest, renderer: Renderer
) -> SemanticQuestion | None:
    """Give the question of a job as it may be compared with others by its meaning; None where the job asks for none.

    Args:
        job: as submitted.
        values: of its input.
        sources: a template for each message of the request, in the order of messages.
        request: made from them.
        renderer: fills templates.

    Raises:
        Refused: a free text is none, or the templates do more with one than to write it; or what must be equal is
            not there.
    """
    use = job.semantic
    if use is None:
        return None
    names = {_ROOT: values}
    free = free_texts_of(use, values, sources, renderer)
    frame_sha256 = _frame_of(use, names, sources, request.messages, free, renderer)
    return SemanticQuestion(
        scope=scope_of(job.tenant, frame_sha256, request),
        text=text_of({name: value_at(place, names) for name, place in free.items()}),
        pool=use.pool or name_of(sources),
        max_wrong=use.max_wrong,
        mode=use.mode,
        explore=use.explore,
        compare=use.compare,
        frame_sha256=frame_sha256,
    )


def free_texts_of(
    use: SemanticUse, values: Mapping[str, Any], sources: Sources, renderer: Renderer
) -> Mapping[str, Place]:
    """Give where each free text of a job lies, by its name, once all that the job says of them is found to be so.

    Args:
        use: what the job says.
        values: of its input.
        sources: its templates.
        renderer: knows what they read.

    Raises:
        Refused: as `question_of`.
    """
    free = _places(use, {_ROOT: values})
    _see_templates(use, sources, free, renderer)
    return free


def scope_of(tenant: str, frame_sha256: str, request: ModelRequest) -> str:
    """Give what two questions must share to be compared at all; see `hashes.scope`."""
    return scope(
        tenant=tenant,
        model=request.model,
        frame_sha256=frame_sha256,
        parameters=request.parameters.model_dump(exclude_none=True),
        output_schema=request.output_schema,
    )


def asked_elsewhere(question: SemanticQuestion | None, tenant: str, request: ModelRequest) -> SemanticQuestion | None:
    """Give the same question to another model, or with other parameters; None where it is not known what is around it.

    Args:
        question: as it was first asked.
        tenant: whose it is.
        request: what is asked now, in which the messages are the same.
    """
    if question is None or question.frame_sha256 is None:
        return None
    return question.model_copy(update={"scope": scope_of(tenant, question.frame_sha256, request)})


def text_of(texts: Mapping[str, str]) -> str:
    """Give free texts as one, to be compared by what it means: one by itself, several each with its name.

    Lines that go on begin with a space, so that no text can be taken for another one's name.

    Args:
        texts: by their names.
    """
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{name}: {_indented(texts[name])}" for name in sorted(texts))


def _indented(text: str) -> str:
    return text.replace("\n", "\n ")


def _places(use: SemanticUse, names: Mapping[str, Any]) -> dict[str, Place]:
    """Give where each free text lies, once each is found to be one."""
    free: dict[str, Place] = {}
    for number, name in enumerate(use.free_text):
        field, place = f"semantic.free_text.{number}", _place(name)
        if name in free:
            raise Refused("invalid", field, f"`{name}` is named twice: once is enough")
        value = _given(name, names, field)
        if not isinstance(value, str):
            message = f"`{name}` must be a text, and is {kind_of(value)}: what is no free text is left out here"
            raise Refused("invalid", field, message)
        if not value.strip():
            message = f"`{name}` is empty, which means nothing: give the text, or send the job without `semantic`"
            raise Refused("invalid", field, message)
        free[name] = place
    for number, name in enumerate(use.identity):
        field, place = f"semantic.identity.{number}", _place(name)
        if any(_overlap(place, other) for other in free.values()):
            message = f"`{name}` cannot be both: what must be equal is no free text, and neither is a part of it"
            raise Refused("invalid", field, message)
        _given(name, names, field)
    return free


def _given(name: str, names: Mapping[str, Any], field: str) -> Any:
    try:
        return value_at(_place(name), names)
    except LookupError:
        known = ", ".join(str(key)[:40] for key in list(names[_ROOT])[:10]) or "no field"
        raise Refused("invalid", field, f"`{name}` is no field of the input, which has {known}") from None


def _see_templates(use: SemanticUse, sources: Sources, free: Mapping[str, Place], renderer: Renderer) -> None:
    """See that each free text is written somewhere, and that nothing else is done with it."""
    reads: dict[str, Reads] = {}
    for field, source in sources.items():
        try:
            reads[field] = renderer.reads(source)
        except TemplateRefused as refused:
            raise Refused("template", field, str(refused)) from refused
    for number, name in enumerate(use.free_text):
        for field, each in reads.items():
            if (misuse := misuse_of(free[name], each)) is not None:
                raise Refused(
                    "template", f"semantic.free_text.{number}", f"line {misuse.line} of `{field}` {misuse.message}"
                )
        if not any(writes(free[name], each) for each in reads.values()):
            asked = " and ".join(f"`{field}`" for field in sources)
            message = f"`{name}` is not used: write {{{{ {_ROOT}.{name} }}}} into {asked}, or leave it out here"
            raise Refused("template", f"semantic.free_text.{number}", message)


def _frame_of(
    use: SemanticUse,
    names: Mapping[str, Any],
    sources: Sources,
    messages: Sequence[Message],
    free: Mapping[str, Place],
    renderer: Renderer,
) -> str:
    """Give the hash of all that must be equal in what the model is shown, and of who says whether answers are equal."""
    shown = []
    for (field, source), message in zip(sources.items(), messages, strict=True):
        try:
            pieces: Pieces = in_pieces(source, names, free, renderer, _text(message))
        except TemplateRefused as refused:
            raise Refused("template", field, str(refused)) from refused
        shown.append([message.role, pieces, [image.model_dump(exclude_none=True) for image in message.images]])
    identity = {name: value_at(_place(name), names) for name in use.identity}
    compare = use.compare.model_dump()
    return sha256(canonical([shown, sorted(free), identity, compare])).hexdigest()


def _text(message: Message) -> str:
    if not isinstance(message.content, Inline):
        raise AssertionError("a question is planned with its texts at hand")
    text: str = message.content.inline
    return text


def _place(name: str) -> Place:
    return (_ROOT, *name.split("."))


def _overlap(one: Place, other: Place) -> bool:
    common = min(len(one), len(other))
    return one[:common] == other[:common]
