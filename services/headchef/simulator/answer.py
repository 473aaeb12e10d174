"""Makes the simulated model's answer to a request: a text, or JSON that obeys the requested schema."""

from functools import lru_cache
from random import Random
from typing import Any

import orjson

from headchef.simulator.dialects import Asked
from headchef.simulator.facts import find_facts
from headchef.simulator.judging import verdict
from headchef.simulator.policy import ModelFault
from headchef.simulator.prose import MARK, Writer
from headchef.simulator.scalars import Maker
from headchef.simulator.schema import compile_schema

_SCHEMAS = 512
"""Compiled schemas kept; a pipeline has a handful of templates, so this never fills."""


def write_answer(asked: Asked, seed: int, fault: ModelFault | None) -> str:
    """Write the answer; the same request and seed give the same one.

    Args:
        asked: the request.
        seed: of all that is drawn for this answer.
        fault: `schema_violation` breaks the schema; the others are seen to by the caller.
    """
    writer = Writer(Random(seed), find_facts(asked.prompt))
    if asked.schema is not None:
        value = verdict(asked.prompt) or _maker(orjson.dumps(asked.schema))(writer, "", 0)
        return orjson.dumps(_violated(value) if fault == "schema_violation" else value).decode()
    if asked.json:
        fields: dict[str, Any] = {"simulated": True, "text": writer.text("text"), **writer.facts.by_name}
        return orjson.dumps(fields).decode()
    return writer.text("text", min_length=200)


@lru_cache(maxsize=_SCHEMAS)
def _maker(schema: bytes) -> Maker:
    return compile_schema(orjson.loads(schema))


def _violated(value: Any) -> Any:
    """Break a value the way models do: a field left out, or another type altogether."""
    if isinstance(value, dict) and value:
        return dict(list(value.items())[1:])
    return f"{MARK} not what was asked for" if not isinstance(value, str) else [value]
