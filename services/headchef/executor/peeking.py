"""Looks into a record before it is handled: at the step that it dispatches, or that its timer goes on with."""

from typing import Any

import orjson

from headchef.executor.dialects.values import mapping
from headchef.runtime.log.port import Record


def step_in(record: Record) -> dict[str, Any]:
    """Give the step as it was written, unchecked; an empty one where there is none."""
    value = record.value or b""
    try:
        # A timer's payload has a line about it before the event.
        event = orjson.loads(value[value.find(b"\n") + 1 :] if value.startswith(b'{"v":') else value)
    except orjson.JSONDecodeError:
        return {}
    return mapping(mapping(event).get("step"))
