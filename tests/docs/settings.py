"""All settings classes as rows of a table: variable, default, what is accepted, meaning."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode

from headchef.batches.settings import BatchesSettings
from headchef.bodies.settings import BodiesSettings
from headchef.cache.embedder_settings import EmbedderSettings
from headchef.cache.settings import CacheSettings
from headchef.executor.settings import Settings as ExecutorSettings
from headchef.fetcher.settings import FetcherSettings
from headchef.functions.settings import FunctionsSettings
from headchef.retrieval.reading import RetrievalSettings
from headchef.retriever.settings import RetrieverSettings
from headchef.router.settings import RouterSettings
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.settings import RuntimeSettings
from headchef.simulator.settings import Settings as SimulatorSettings
from headchef.sources.settings import SourceSettings
from headchef.validator.settings import ValidatorSettings

GROUPS: Sequence[tuple[str, type[BaseSettings]]] = (
    ("All processes: Kafka", KafkaSettings),
    ("All processes: the runtime", RuntimeSettings),
    ("All processes: large bodies", BodiesSettings),
    ("Router", RouterSettings),
    ("Cache", CacheSettings),
    ("Cache: who makes vectors", EmbedderSettings),
    ("Executor", ExecutorSettings),
    ("Validator", ValidatorSettings),
    ("Functions", FunctionsSettings),
    ("Fetcher", FetcherSettings),
    ("Sources of workflows: fetcher, and `headchef workflow run`", SourceSettings),
    ("Retriever", RetrieverSettings),
    ("Collections of texts: retriever, `headchef workflow run` and `headchef collection`", RetrievalSettings),
    ("Batches", BatchesSettings),
    ("Provider simulator", SimulatorSettings),
)

# What follows from the machine, in words.
_PLACES: Mapping[str, str] = {
    "HEADCHEF_LOCK_DIR": "`headchef` in the system's folder for temporary files",
    "HEADCHEF_CACHE_FOLDER": "`$XDG_DATA_HOME/headchef`, else `~/.local/share/headchef`",
    "HEADCHEF_CATALOGUE": "the packaged catalogue",
}
_UNITS: Mapping[str, str] = {"_s": "s", "_bytes": "bytes", "_usd": "US$"}
_TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
_FORMATS: Mapping[str, str] = {"path": "path", "uri": "URL", "password": "secret text"}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, in Markdown.

    Attributes:
        variable: of the environment.
        default: what holds if it is not set.
        accepted: type and bounds.
        description: its meaning.
    """

    variable: str
    default: str
    accepted: str
    description: str


def rows_of(settings: type[BaseSettings]) -> Iterator[Row]:
    """Give the settings of a class, in its order."""
    return _rows(settings, settings.model_config.get("env_prefix", ""))


def variables() -> frozenset[str]:
    """Give every variable that a settings class reads."""
    return frozenset(row.variable for _, settings in GROUPS for row in rows_of(settings))


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    schema = model.model_json_schema(by_alias=False)
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation, f"{prefix}{name.upper()}__")
            continue
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"{prefix}{name}".upper()
        with_commas = NoDecode in field.metadata
        accepted = "texts with commas between them" if with_commas else _accepted(schema["properties"][name])
        yield Row(variable, _default(variable, name, field), accepted, field.description or "")


def _default(variable: str, name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    if variable in _PLACES:
        return _PLACES[variable]
    value = field.get_default(call_default_factory=True)
    unit = next((f" {unit}" for suffix, unit in _UNITS.items() if name.endswith(suffix)), "")
    match value:
        case None:
            return "unset"
        case bool():
            return f"`{str(value).lower()}`"
        case int() if name.endswith("port"):
            return f"{value}"
        case int() | float() | Decimal():
            return f"{_number(value)}{unit}"
        case Path() | SecretStr():
            raise ValueError(f"the default of {variable} follows from the machine: say it in words, in _PLACES")
        case () if NoDecode in field.metadata:
            return "none"
        case tuple():
            return f"`{list(value)}`".replace("'", '"')
        case _:
            return f"`{value}`"


def _accepted(schema: Mapping[str, Any]) -> str:
    """Say in words what a JSON Schema of one value takes."""
    if "anyOf" in schema:
        # The first form is the one to write; pydantic's others are for other callers.
        return _accepted(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return "JSON array of texts"
    said = _FORMATS.get(schema.get("format", ""), _TYPES.get(schema.get("type", ""), "text"))
    least, above, most = (schema.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if least is not None and most is not None:
        return f"{said}, {_number(least)} to {_number(most)}"
    bounds = (("at least", least), ("above", above), ("at most", most))
    said += "".join(f", {word} {_number(bound)}" for word, bound in bounds if bound is not None)
    return f"{said}: `{schema['pattern']}`" if "pattern" in schema else said


def _number(value: float | Decimal) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return f"{int(value) if whole else value:,}"
