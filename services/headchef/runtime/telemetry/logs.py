"""Log lines that say which job they are about: JSON for machines, colours on a terminal.

Prompts and answers are never logged: nobody passes them, and an error of validation is shown without its input.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

import orjson
from pydantic import ValidationError

from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry.subject import subject_of
from headchef.runtime.telemetry.tracing import current_hop

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_REPEAT_S = 30.0
_MAX_MESSAGE_CHARACTERS = 2_000


def start_logs(level: str, stream: TextIO = sys.stderr) -> None:
    """Send the process's log to a stream.

    Args:
        level: of our own lines, such as `INFO`; the Kafka client's are shown from `WARNING` on, or all at `DEBUG`.
        stream: a terminal gets coloured lines, anything else JSON.

    Raises:
        BadSettings: there is no such level.
    """
    if level.upper() not in _LEVELS:
        raise BadSettings("HEADCHEF_LOG_LEVEL", f"{level} is none of {', '.join(_LEVELS)}")
    handler = _terminal(stream) if stream.isatty() else logging.StreamHandler(stream)
    if not stream.isatty():
        handler.setFormatter(JsonLines())
    handler.addFilter(Seldom(_REPEAT_S))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    verbose = logging.getLogger().level <= logging.DEBUG
    for chatty in ("aiokafka", "asyncio", "httpx", "httpcore", "aiohttp.access", "opentelemetry", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.NOTSET if verbose else logging.WARNING)


def about() -> dict[str, str | int]:
    """Name the job, step, trace and record that the running code works on; empty outside of a handler."""
    hop = current_hop()
    if hop is None:
        return {}
    record, subject = hop.delivery.record, subject_of(hop.delivery)
    found = {
        "job_id": subject.job_id,
        "step_id": subject.step_id,
        "trace_id": hop.trace_id,
        "topic": hop.delivery.topic,
        "partition": record.partition,
        "offset": record.offset,
    }
    return {name: value for name, value in found.items() if value is not None}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what it is about, and what `extra` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_MAX_MESSAGE_CHARACTERS],
        }
        line |= about() | {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = describe(record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class Seldom(logging.Filter):
    """Lets a warning of a library through once in a while: an absent broker is reported many times a second.

    Args:
        repeat_s: the same message of the same logger is dropped for this many seconds.
    """

    def __init__(self, repeat_s: float) -> None:
        super().__init__()
        self._repeat_s = repeat_s
        self._shown_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide whether a record is shown."""
        if not record.name.startswith(("aiokafka", "opentelemetry", "urllib3")) or record.levelno < logging.WARNING:
            return True
        key = (record.name, str(record.msg))
        if record.created - self._shown_at.get(key, float("-inf")) < self._repeat_s:
            return False
        self._shown_at[key] = record.created
        return True


def describe(error: BaseException) -> str:
    """Show an error with its causes and where they came from, but without the input that a validation quotes."""
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        frames = "".join(traceback.format_tb(seen.__traceback__))
        chain.append(f"{frames}{type(seen).__qualname__}: {_message(seen)[:_MAX_MESSAGE_CHARACTERS]}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\nwhich came of\n".join(chain)


def _message(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_input=False, include_context=False, include_url=False)
        return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in found)
    return str(error)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        where = " ".join(f"{name}={value}" for name, value in about().items() if name in {"job_id", "step_id"})
        text = record.getMessage() + (f"  ({where})" if where else "")
        if record.exc_info and record.exc_info[1] is not None:
            text += f"\n{describe(record.exc_info[1])}"
        return text


def _terminal(stream: TextIO) -> logging.Handler:
    from rich.console import Console
    from rich.highlighter import NullHighlighter
    from rich.logging import RichHandler

    handler = RichHandler(console=Console(file=stream), show_path=False, highlighter=NullHighlighter())
    handler.setFormatter(_Lines())
    return handler
