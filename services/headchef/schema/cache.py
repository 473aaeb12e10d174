"""Keeps compiled schemas, so that each is compiled once and looked up in microseconds."""

from collections import OrderedDict
from typing import Any, NamedTuple

from pydantic_core import to_json

from headchef.schema.compiled import CompiledSchema, SchemaRefused, compile_schema


class _Refused(NamedTuple):
    path: str
    message: str


class SchemaCache:
    """Compiled schemas by their JSON, the least recently used dropped first. Refused ones are remembered too.

    Args:
        max_schemas: how many are kept.
    """

    def __init__(self, max_schemas: int) -> None:
        self._max_schemas = max_schemas
        self._kept: OrderedDict[bytes, CompiledSchema | _Refused] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def compiled(self, schema: dict[str, Any]) -> CompiledSchema:
        """Give a schema's compiled form.

        Raises:
            SchemaRefused: it cannot be used.
        """
        key = to_json(schema)
        entry = self._kept.get(key)
        if entry is None:
            entry = self._kept[key] = _compiled(schema)
            if len(self._kept) > self._max_schemas:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        if isinstance(entry, _Refused):
            raise SchemaRefused(entry.path, entry.message)
        return entry


def _compiled(schema: dict[str, Any]) -> CompiledSchema | _Refused:
    try:
        return compile_schema(schema)
    except SchemaRefused as refused:
        return _Refused(refused.path, refused.message)
