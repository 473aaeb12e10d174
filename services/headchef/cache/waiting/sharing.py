"""An answer on its way to all who wait for it, as the timer keeps it that goes on with the next of them. Pure."""

from datetime import datetime

from pydantic import TypeAdapter

from headchef_contracts.events.common import Cause, JobClass, Part

from headchef.cache.store import StoredAnswer
from headchef.runtime.processor import Timer
from headchef.runtime.stored import read_stored

_VERSION = 1
_ANSWERS = TypeAdapter(StoredAnswer)


class _Head(Part):
    v: int = _VERSION
    key: str
    cause: Cause


def next_share(key: bytes, answer: StoredAnswer, taken: int, due: datetime, job_class: JobClass) -> Timer:
    """Give the timer that goes on with an answer.

    Args:
        key: of the line.
        answer: the answer.
        taken: how many have left the line so far: each timer of an answer is another one.
        due: when.
        job_class: of those who come next.
    """
    payload = (
        _Head(key=key.decode(), cause=answer.settled).model_dump_json().encode() + b"\n" + _ANSWERS.dump_json(answer)
    )
    return Timer(f"share/{key.decode()}/{taken}", due, payload, job_class)


def read_share(payload: bytes) -> tuple[bytes, StoredAnswer]:
    """Read what `next_share` gave: the key of the line, and the answer.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    line, _, data = payload.partition(b"\n")
    head = read_stored(_Head, line, _VERSION, "an answer that is shared")
    return head.key.encode(), _ANSWERS.validate_json(data)
