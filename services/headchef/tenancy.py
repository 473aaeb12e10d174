"""Whose work a record of a topic is: what the runtime lets take turns."""

from typing import Any

import orjson

from headchef_contracts import cloudevents

from headchef.runtime.log.port import Record

NOBODY = ""
"""The tenant of what cannot be read: who handles it says what is wrong with it."""

_DEFAULT = "default"
"""The contract's, for a job that names none."""


def of_job(record: Record) -> str:
    """Give the tenant of a submitted job, in whatever form it came."""
    job = _read(record)
    data = job.get("data")
    return _tenant(data if isinstance(data, dict) and cloudevents.is_structured(record.headers) else job)


def of_step(record: Record) -> str:
    """Give the tenant of the job that a step belongs to."""
    step = _read(record).get("step")
    job = step.get("job") if isinstance(step, dict) else None
    return _tenant(job) if isinstance(job, dict) else NOBODY


def of_call(record: Record) -> str:
    """Give the tenant of the job that a call of a function, or a document to be fetched, belongs to."""
    job = _read(record).get("job")
    return _tenant(job) if isinstance(job, dict) else NOBODY


def _read(record: Record) -> dict[str, Any]:
    try:
        value = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _tenant(job: dict[str, Any]) -> str:
    tenant = job.get("tenant", _DEFAULT)
    return tenant if isinstance(tenant, str) else NOBODY
