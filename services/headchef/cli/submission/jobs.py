"""Turns a row of a file, or a job written out in a line, into the event that is published."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from headchef_contracts import registry
from headchef_contracts.events.jobs import NOT_CONTENT, JobSubmitted

from headchef.cli.faults import BadLine, LineFault
from headchef.cli.submission.images import BadImage, image_of, is_address
from headchef.cli.submission.other_wordings import fault_of_free_texts
from headchef.cli.submission.rows import Row
from headchef.cli.submission.templates import BadTemplate, PromptTemplate

_DIGEST_CHARACTERS = 16
_WHO_IS_ASKED = frozenset({"model", "tier"})
"""Fields of which a job has one at most."""


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the command line says about all jobs of one submission.

    Attributes:
        stem: starts the ids that are derived from content, such as the file's name.
        prompt: with one, rows are values for it; without, each line is a whole job.
        system: template of the system prompt.
        output: what the answers must look like, as jobs say it; empty for free text.
        semantic: when answers to other wordings may serve, as jobs say it; None for never.
        id_field: the column that holds the job id; without one ids are derived from the content.
        id_prefix: put before ids from the id field, and used in place of the stem.
        subject_field: the column that says what the content is about.
        image_field: the column that holds the address of an image.
        fields: other fields of the event, such as `model`; a line that is a whole job may overrule them.
        workflow: with one, rows are its input.
        sized: whether jobs of a batch that do not say how many it has say as many as the input has.
    """

    stem: str
    prompt: PromptTemplate | None = None
    system: PromptTemplate | None = None
    output: Mapping[str, Any] = field(default_factory=dict)
    semantic: Mapping[str, Any] | None = None
    id_field: str | None = None
    id_prefix: str = ""
    subject_field: str | None = None
    image_field: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    workflow: str | None = None
    sized: bool = False


def build_job(row: Row, options: JobOptions, name: str) -> JobSubmitted:
    """Make the event of one row.

    Args:
        row: columns of a table, or the fields of a job.
        options: what holds for all rows.
        name: the file, for messages.

    Raises:
        BadLine: the row cannot become a job; names the line, the field and what would be right.
    """
    if options.workflow is not None:
        fields = {**options.fields, "workflow": options.workflow, "input": row.values}
    else:
        fields = _from_template(row, options, name) if options.prompt else _written_out(row, options)
    if options.image_field is not None:
        fields["images"] = [_image(row, options.image_field, name)]
    if options.id_field is not None:
        fields["job_id"] = options.id_prefix + _cell(row, options.id_field, "--id-field", name)
    elif "job_id" not in fields:
        with _writable(row, name):
            fields["job_id"] = derived_id(options.id_prefix or f"{options.stem}-", fields)
    if options.subject_field is not None:
        fields["subject"] = _cell(row, options.subject_field, "--subject-field", name)
    with _writable(row, name):
        written = orjson.dumps(fields)
    try:
        event = registry.decode(JobSubmitted.event_type, JobSubmitted.version, written)
    except registry.BrokenContract as broken:
        raise BadLine(_told(broken, fields, row, name)) from broken
    job = cast(JobSubmitted, event)
    if (fault := fault_of_free_texts(job)) is not None:
        raise BadLine(LineFault(name, row.line, *fault))
    return job


@contextmanager
def _writable(row: Row, name: str) -> Iterator[None]:
    try:
        yield
    except TypeError as error:
        # It reads a thousand levels and writes a quarter of them; a shell may hand over bytes that are no text.
        message = "nested too deeply, or has bytes that are not UTF-8; a job has 64 levels at most"
        raise BadLine(LineFault(name, row.line, None, message)) from error


def derived_id(prefix: str, fields: Mapping[str, Any]) -> str:
    """Make an id of a job's content: the same content has the same id, so that sending it again is safe.

    What is said of its batch as a whole is no part of it.
    """
    of_job = {name: fields[name] for name in fields if name not in NOT_CONTENT}
    content = orjson.dumps(of_job, option=orjson.OPT_SORT_KEYS)
    return f"{prefix}{hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]}"


def _from_template(row: Row, options: JobOptions, name: str) -> dict[str, Any]:
    fields = dict(options.fields)
    for key, template in (("prompt", options.prompt), ("system", options.system)):
        if template is None:
            continue
        try:
            template.check(row.values)
        except BadTemplate as error:
            raise BadLine(LineFault(name, row.line, None, str(error))) from error
        fields[key] = template.source
    if options.output:
        fields["output"] = options.output
    if options.semantic is not None:
        fields["semantic"] = options.semantic
    fields["input"] = row.values
    return fields


def _written_out(row: Row, options: JobOptions) -> dict[str, Any]:
    says_who = any(row.values.get(name) is not None for name in _WHO_IS_ASKED)
    given = {name: value for name, value in options.fields.items() if not (says_who and name in _WHO_IS_ASKED)}
    fields = {**given, **row.values}
    if options.output and "output" not in row.values:
        fields["output"] = options.output
    if options.semantic is not None and "semantic" not in row.values:
        fields["semantic"] = options.semantic
    return fields


def _cell(row: Row, column: str, option: str, name: str) -> str:
    if column not in row.values:
        message = f'{option}: there is no column "{column}"; columns: {", ".join(row.values)}'
        raise BadLine(LineFault(name, row.line, None, message))
    value = row.values[column]
    if isinstance(value, bool | float | dict | list) or value is None or not str(value).strip():
        raise BadLine(LineFault(name, row.line, column, f"{option} wants text or a whole number here, not {value!r}"))
    return str(value).strip()


def _image(row: Row, column: str, name: str) -> dict[str, str]:
    named = _cell(row, column, "--image-field", name)
    if not is_address(named):
        raise BadLine(LineFault(name, row.line, column, f'--image-field wants an address here, not "{named}"'))
    try:
        return image_of(named)
    except BadImage as bad:
        raise BadLine(LineFault(name, row.line, column, f"--image-field: {bad}")) from bad


def _told(broken: registry.BrokenContract, fields: Mapping[str, Any], row: Row, name: str) -> LineFault:
    """Name what is wrong with a line: of a row of values, first that there is no prompt for it."""
    asks_nothing = "prompt" not in fields and "workflow" not in fields
    if asks_nothing and "did you mean" not in broken.message:
        message = "this field is required; a line is a whole job, or --prompt, --prompt-file or --workflow takes rows"
        return LineFault(name, row.line, "prompt", message)
    return LineFault(name, row.line, broken.field, broken.message)
