"""JSON Schemas of outputs, compiled once: the router refuses bad ones at the door, the validator applies them."""

from headchef.schema.cache import SchemaCache
from headchef.schema.compiled import MAX_DEPTH, CompiledSchema, SchemaRefused, compile_schema
from headchef.schema.nesting import depth_of

__all__ = ["MAX_DEPTH", "CompiledSchema", "SchemaCache", "SchemaRefused", "compile_schema", "depth_of"]
