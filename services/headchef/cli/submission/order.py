"""What `submit` was asked to send: its options, read and checked, as a source of rows and the options of its jobs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.images import BadImage, image_of
from headchef.cli.submission.jobs import JobOptions
from headchef.cli.submission.other_wordings import semantic_of
from headchef.cli.submission.output import output_of, text_of
from headchef.cli.submission.rows import RowFormat, format_of
from headchef.cli.submission.source import Source, not_utf8
from headchef.cli.submission.templates import PromptTemplate, compile_template

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Order:
    """The options of the command line.

    Attributes:
        file: what to read; None for the one job of `--prompt`.
        prompt: text of `--prompt`.
        prompt_file: file of the prompt.
        workflow: its name with version, in place of a prompt.
        system: text of the system prompt.
        schema: file of the output schema.
        checks: file of the checks of the output.
        semantic: file that says when answers to other wordings may serve.
        repairs: how often another answer may be asked for.
        values: JSON text of `--input`.
        file_format: as given.
        job_id: of one job.
        new_id: the id of one job that was given none.
        id_field: column of the ids.
        id_prefix: put before ids.
        subject_field: column of the subjects.
        images: of one job, each a file or an address.
        image_field: column of the addresses of images.
        labels: each as `NAME=VALUE`.
        batch_size: how many jobs the batch has; 0 to leave that open, None for as many as the input has.
        fields: other fields of all jobs, by their names in the event; None leaves one out.
        parameters: sampling parameters; None leaves one out.
    """

    file: Path | None
    prompt: str | None
    prompt_file: Path | None
    workflow: str | None
    system: str | None
    schema: Path | None
    checks: Path | None
    semantic: Path | None
    repairs: int | None
    values: str | None
    file_format: RowFormat | None
    job_id: str | None
    new_id: str
    id_field: str | None
    id_prefix: str
    subject_field: str | None
    images: Sequence[str]
    image_field: str | None
    labels: Sequence[str]
    batch_size: int | None
    fields: dict[str, Any]
    parameters: dict[str, Any]

    def read(self) -> tuple[Source, JobOptions]:
        """Open what the options name.

        Raises:
            WrongUsage: options that do not go together, or a file that cannot be used; names the option.
        """
        self._check()
        prompt = self._prompt()
        single = self.file is None and (prompt is not None or (self.workflow is not None and self._one_input))
        source = self._single(prompt) if single else self._source()
        templated = prompt is not None and not (single and self.values is None)
        options = JobOptions(
            stem=source.stem,
            prompt=compile_template(prompt, self._prompt_name) if templated and prompt is not None else None,
            system=self._system() if templated else None,
            output=output_of(self.schema, self.checks, self.repairs),
            semantic=None if self.semantic is None else semantic_of(self.semantic),
            id_field=self.id_field,
            id_prefix=self.id_prefix,
            subject_field=self.subject_field,
            image_field=self.image_field,
            fields=self._fields(single, templated),
            workflow=self.workflow,
            sized=self.batch_size is None and not single,
        )
        return source, options

    @property
    def _one_input(self) -> bool:
        """Whether a workflow is given one input, or none, rather than rows on standard input."""
        return self.values is not None or sys.stdin.isatty() or self.job_id is not None

    @property
    def _prompt_name(self) -> str:
        return "--prompt" if self.prompt_file is None else str(self.prompt_file)

    def _check(self) -> None:
        if self.prompt is not None and self.prompt_file is not None:
            raise WrongUsage("--prompt and --prompt-file are both given", "give one of them")
        if self.fields.get("model") is not None and self.fields.get("tier") is not None:
            raise WrongUsage("--model and --tier are both given", "give one of them")
        if self.workflow is not None:
            self._check_beside(self.workflow)
        if self.file is not None:
            for option, value, instead in (
                ("--job-id", self.job_id, "--id-field names the column that holds the ids"),
                ("--input", self.values, "the rows of the file are the input"),
                ("--image", self.images or None, "--image-field names the column that holds their addresses"),
            ):
                if value is not None:
                    raise WrongUsage(f"{option} is for one job, not for a file", instead)
        elif self.id_field is not None or self.subject_field is not None or self.image_field is not None:
            said = "--id-field, --subject-field and --image-field name columns of a file"
            raise WrongUsage(said, "for one job give --job-id and --image")

    def _check_beside(self, workflow: str) -> None:
        """Look at what does not go with a workflow."""
        if "@" not in workflow:
            hint = "NAME@VERSION is wanted; `headchef workflow list` shows what is published"
            raise WrongUsage(f'--workflow: "{workflow}" names no version', hint)
        for option, value in (
            ("--prompt", self.prompt),
            ("--prompt-file", self.prompt_file),
            ("--system", self.system),
            ("--schema", self.schema),
            ("--checks", self.checks),
            ("--semantic", self.semantic),
            ("--repairs", self.repairs),
            ("--model", self.fields.get("model")),
            ("--tier", self.fields.get("tier")),
            ("--temperature", self.parameters.get("temperature")),
            ("--max-output-tokens", self.parameters.get("max_output_tokens")),
            ("--image", self.images or None),
            ("--image-field", self.image_field),
        ):
            if value is not None:
                raise WrongUsage(f"{option} does not go with --workflow", "the workflow says this for each step")

    def _prompt(self) -> str | None:
        return text_of(self.prompt_file, "--prompt-file") if self.prompt_file is not None else self.prompt

    def _system(self) -> PromptTemplate | None:
        return None if self.system is None else compile_template(self.system, "--system")

    def _fields(self, single: bool, templated: bool) -> dict[str, Any]:
        fields = {name: value for name, value in self.fields.items() if value is not None}
        parameters = {name: value for name, value in self.parameters.items() if value is not None}
        if parameters:
            fields["parameters"] = parameters
        if self.images:
            fields["images"] = [_image(named) for named in self.images]
        if self.batch_size:
            fields["batch_size"] = self.batch_size
        if self.labels:
            fields["labels"] = dict(_label(label) for label in self.labels)
        if single:
            fields["job_id"] = self.id_prefix + (self.job_id or self.new_id)
        if self.system is not None and not templated:
            fields["system"] = self.system
        return fields

    def _single(self, prompt: str | None) -> Source:
        text = self.values if self.values is not None else _one_object(prompt, self._prompt_name)
        return Source("--input" if self.values is not None else self._prompt_name, "json", text=text)

    def _source(self) -> Source:
        if self.file is not None and str(self.file) != _STDIN:
            return Source(str(self.file), self.file_format or format_of(self.file.name), self.file)
        if self.file is None and sys.stdin.isatty():
            raise WrongUsage("nothing to submit", "give a FILE, a --prompt, or jobs on standard input")
        text = _read_stdin()
        return Source("standard input", self.file_format or _guessed(text), text=text)


def _one_object(prompt: str | None, name: str) -> str:
    try:
        return orjson.dumps({} if prompt is None else {"prompt": prompt}).decode()
    except TypeError as error:
        raise WrongUsage(f"{name}: has bytes that are not UTF-8") from error


def _read_stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise not_utf8("standard input", error) from error


def _guessed(text: str) -> RowFormat:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return "jsonl"
    return "json"


def _image(named: str) -> dict[str, str]:
    try:
        return image_of(named)
    except BadImage as bad:
        raise WrongUsage(f"--image: {bad}") from bad


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise WrongUsage(f'--label: "{text}" is not NAME=VALUE', "such as --label season=spring")
    return name, value
