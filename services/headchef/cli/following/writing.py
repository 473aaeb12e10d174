"""Writes outcomes to a file: JSON Lines as they come, or CSV whose columns are known at the end."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import orjson

from headchef_contracts.events.jobs import JobFinished, JobRefused

from headchef.cli.faults import WrongUsage
from headchef.cli.following.feed import Outcome
from headchef.cli.history.describe import body_value, left_behind

COLUMNS = (
    "job_id", "status", "batch_id", "tenant", "subject", "model", "cost_usd", "input_tokens", "output_tokens",
    "cache", "latency_s", "problem", "tried",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


Write = Callable[[Outcome], None]
"""Adds one outcome to a file."""


def output_for(path: Path) -> AbstractContextManager[Write]:
    """Choose the form by the file's name; an existing file is replaced.

    Raises:
        WrongUsage: the name ends neither in .jsonl nor in .csv, or the folder does not exist.
    """
    if not path.parent.is_dir():
        raise WrongUsage(f"--output: there is no folder {path.parent}")
    ending = path.suffix.lower()
    if ending == ".csv":
        return csv_output(path)
    if ending in (".jsonl", ".ndjson"):
        return jsonl_output(path)
    raise WrongUsage(f'--output: "{path.name}" must end in .jsonl or .csv')


@contextmanager
def jsonl_output(path: Path) -> Iterator[Write]:
    """Write each outcome on a line, as it lies in the log; at once, so that a crash loses none."""
    with path.open("wb", buffering=0) as file:

        def write(outcome: Outcome) -> None:
            file.write(orjson.dumps(orjson.loads(outcome.value), option=orjson.OPT_APPEND_NEWLINE))

        yield write


@contextmanager
def csv_output(path: Path) -> Iterator[Write]:
    """Write one row an outcome, with a column for each top-level field of the outputs.

    The columns are known only when all is read: until then rows lie as JSON Lines beside the file, in `FILE.part`.
    What an interrupted reading collected becomes a table too.
    """
    part, fields = path.with_name(path.name + ".part"), dict[str, None]()
    try:
        with part.open("wb", buffering=0) as rows:

            def write(outcome: Outcome) -> None:
                row = flat(outcome)
                fields.update(dict.fromkeys(key for key in row if key not in COLUMNS))
                rows.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

            yield write
    finally:
        _write_table(path, [*COLUMNS, *fields], part)
        part.unlink()


def _write_table(path: Path, columns: Sequence[str], part: Path) -> None:
    # A byte order mark, because spreadsheets take a file without one for Latin-1.
    with path.open("w", encoding="utf-8-sig", newline="") as file, part.open("rb") as rows:
        writer = csv.writer(file)
        writer.writerow(columns)
        for line in rows:
            row = orjson.loads(line)
            writer.writerow([cell(row.get(column)) for column in columns])


def flat(outcome: Outcome) -> dict[str, Any]:
    """Make one row of an outcome: fixed columns, and `output` or `output.<field>`."""
    event = outcome.event
    if isinstance(event, JobRefused):
        where = f"{event.field}: " if event.field else ""
        problem = f"{event.reason}: {where}{event.message}"
        return {"job_id": event.job_id, "status": "refused", "tenant": event.tenant, "problem": problem}
    row = {
        "job_id": event.job.job_id,
        "status": event.status,
        "batch_id": event.job.batch_id,
        "tenant": event.job.tenant,
        "subject": event.job.subject,
        "model": event.provenance.model,
        "cost_usd": None if event.cost_usd is None else format(event.cost_usd, "f"),
        "input_tokens": event.usage.input_tokens,
        "output_tokens": event.usage.output_tokens,
        "cache": event.cache.kind,
        "latency_s": round((event.timing.finished_at - event.timing.submitted_at).total_seconds(), 3),
        "problem": _problem(event),
        "tried": left_behind(event.provenance.tried),
    }
    value = body_value(event.output)
    if isinstance(value, dict):
        return row | {f"output.{key}": item for key, item in value.items()}
    return row | {"output": value} if value is not None else row


def cell(value: Any) -> str:
    """Show a value in a table. Text that a spreadsheet would run as a formula is set behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return cell("\n".join(value))
    return orjson.dumps(value).decode()


def _problem(event: JobFinished) -> str:
    if event.failure is not None:
        return f"{event.failure.reason}: {event.failure.message}"
    return "; ".join(f"{finding.path or '/'}: {finding.message}" for finding in event.findings)
