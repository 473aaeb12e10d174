"""JSON Schemas of outputs, compiled once: the router refuses bad ones at the door, the validator applies them."""

from headchef.schema.cache import SchemaCache
from headchef.schema.compiled import MAX_DEPTH, CompiledSchema, SchemaRefused, compile_schema, pointer_of
from headchef.schema.kinds import kind_of, kinds_of
from headchef.schema.nesting import depth_of
from headchef.schema.pattern import Pattern, PatternRefused
from headchef.schema.shape import ANYTHING, TEXT, NoSuchPath, Schema, Shape, follow, shape_of

__all__ = [
    "ANYTHING",
    "MAX_DEPTH",
    "TEXT",
    "CompiledSchema",
    "NoSuchPath",
    "Pattern",
    "PatternRefused",
    "Schema",
    "SchemaCache",
    "SchemaRefused",
    "Shape",
    "compile_schema",
    "depth_of",
    "follow",
    "kind_of",
    "kinds_of",
    "pointer_of",
    "shape_of",
]
