"""The AsyncAPI 3 document of all topics and events, from the registry and the topic table."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from headchef_contracts.cloudevents import CONTENT_TYPE, SPEC_VERSION, dataschema
from headchef_contracts.events.common import Event, PublicEvent
from headchef_contracts.json_schema import folder
from headchef_contracts.registry import Registry
from headchef_contracts.topics import STORES, TEMPLATES, TOPICS, Topic, dead_letters_of, physical

_NAMESPACE = "headchef"
_BINDING_VERSION = "0.5.0"
_DEAD_LETTER = "DeadLetter"
_ENTRIES = ("name", "brake")
"""Keys of broadcasts: a later event with the same one takes its place."""

_INFO = """Every hop of a content job is an event in a topic. Publish to `jobs.submitted`, or to
`jobs.submitted.bulk` what nobody waits for; read `jobs.finished` and `jobs.refused` with
`isolation.level=read_committed`. All other topics are between the processors: read them to explain a job, never write
to them. Each processor also keeps its state in changelogs, which are no interface."""
_PARAMETERS = {
    "namespace": {"default": _NAMESPACE, "description": "an environment of its own on the cluster; HEADCHEF_NAMESPACE"},
    "lane": {"default": "default", "description": "a quota pool: an account and a family of models"},
    "entry": {"default": "acme", "description": "an entry for the tenants that are bound to it; HEADCHEF_ENTRIES"},
}


def document(registry: Registry, version: str, root: Path) -> dict[str, Any]:
    """Give the document.

    Args:
        registry: the events.
        version: of the package that the document comes with.
        root: the package's folder, where the examples lie.

    Returns:
        An AsyncAPI 3.0 document; schemas are referred to by their place beside it.
    """
    rows = [*TOPICS.values(), *(row for row in TEMPLATES.values() if row.events)]
    rows += [dead_letters_of(row) for row in rows if row.dead_letters]
    keys = {event_type: row.key for row in rows for event_type in row.events}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Headchef",
            "version": version,
            "description": _INFO,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "cluster": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "any cluster that speaks Kafka's protocol, with transactions",
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "HEADCHEF_KAFKA"}},
            }
        },
        "channels": {_identifier(row.logical): _channel(row, registry) for row in rows},
        "operations": {name: operation for row in rows for name, operation in _operations(row)},
        "components": {
            "messages": {
                **{_name(each): _message(each, keys[each.event_type], root) for each in registry.models.values()},
                _DEAD_LETTER: _dead_letter(),
            }
        },
    }


def _identifier(logical: str) -> str:
    return re.sub(r"<(\w+)>", r"\1", logical)


def _name(model: type[Event]) -> str:
    return f"{model.event_type.removeprefix('headchef.')}.{model.version}"


def _channel(row: Topic, registry: Registry) -> dict[str, Any]:
    address = re.sub(r"<(\w+)>", r"{\1}", physical("{namespace}", row.logical))
    dead = row.logical.endswith(".dlq")
    names = [_name(model) for (event_type, _), model in registry.models.items() if event_type in row.events]
    return {
        "address": address,
        "title": row.logical,
        "description": row.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ([_DEAD_LETTER] if dead else names)},
        "parameters": {name: text for name, text in _PARAMETERS.items() if f"{{{name}}}" in address},
        "bindings": {
            "kafka": {
                "topic": address.format(namespace=_NAMESPACE, lane="default", entry="acme"),
                "partitions": row.partitions,
                "replicas": row.replicas,
                "topicConfiguration": {
                    "cleanup.policy": [row.cleanup_policy],
                    "retention.ms": row.retention_ms,
                    "retention.bytes": row.retention_bytes,
                    "message.timestamp.type": row.timestamp_type,
                    "segment.ms": row.segment_ms,
                    "min.cleanable.dirty.ratio": row.min_cleanable_dirty_ratio,
                    "max.message.bytes": row.max_message_bytes,
                },
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }


def _operations(row: Topic) -> Iterable[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{_identifier(row.logical)}"}
    for action, names in (("send", row.writers), ("receive", row.readers)):
        for name in names:
            operation: dict[str, Any] = {"action": action, "channel": channel}
            operation["summary"] = f"{name} {'writes' if action == 'send' else 'reads'} {row.logical}"
            if action == "receive" and name in STORES and not row.broadcast:
                group = {"groupId": _group(name), "bindingVersion": _BINDING_VERSION}
                operation["bindings"] = {"kafka": group}
            yield f"{_identifier(name)}.{action}.{_identifier(row.logical)}", operation


def _group(processor: str) -> dict[str, Any]:
    pattern = re.escape(f"{_NAMESPACE}.{processor}").replace("<lane>", "[a-z0-9][a-z0-9_-]*")
    text = "consumer group, in the default namespace; members only join with it, records are read without a group"
    return {"type": "string", "pattern": f"^{pattern}$", "description": text}


def _message(model: type[Event], key: str, root: Path) -> dict[str, Any]:
    place = folder(model.event_type, model.version)
    about = "the name of the entry" if key in _ENTRIES else "the job id"
    examples = sorted((root / place / "examples").glob("*.json"))
    message: dict[str, Any] = {
        "name": model.event_type,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip(),
        "contentType": CONTENT_TYPE,
        "headers": _headers(model, about),
        "payload": {"$ref": f"./{place}/schema.json"},
        "correlationId": {"location": "$message.header#/ce_subject", "description": about},
        "bindings": {
            "kafka": {
                "schemaIdLocation": "header",
                "schemaLookupStrategy": "ce_dataschema",
                "bindingVersion": _BINDING_VERSION,
            }
        },
        "examples": [{"name": it.stem, "payload": json.loads(it.read_text("utf-8"))} for it in examples],
    }
    if key:
        message["bindings"]["kafka"]["key"] = {"type": "string", "description": f"the event's {key}, in UTF-8"}
    return message


def _headers(model: type[Event], about: str) -> dict[str, Any]:
    public = issubclass(model, PublicEvent)
    text = "CloudEvents 1.0, Kafka binary mode"
    return {
        "type": "object",
        "description": f"{text}; all optional: a plain JSON body is accepted, as version 1" if public else text,
        "properties": {
            "ce_specversion": {"type": "string", "const": SPEC_VERSION},
            "ce_id": {"type": "string", "description": "the same at each redelivery: drop what you have seen"},
            "ce_source": {"type": "string", "format": "uri-reference"},
            "ce_type": {"type": "string", "const": model.event_type},
            "ce_dataschema": {"type": "string", "const": dataschema(model.event_type, model.version)},
            "ce_time": {"type": "string", "format": "date-time"},
            "ce_subject": {"type": "string", "description": about},
            "content-type": {"type": "string", "const": CONTENT_TYPE},
            "traceparent": {"type": "string", "description": "W3C trace context, carried through every hop"},
            "tracestate": {"type": "string"},
        },
        "required": [] if public else ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_dataschema"],
    }


def _dead_letter() -> dict[str, Any]:
    headers = {
        "kafka_original-topic": "where the record lay, in full",
        "kafka_original-partition": "and in which partition",
        "kafka_original-offset": "at which offset",
        "kafka_original-timestamp": "with which timestamp, in milliseconds",
        "headchef-reason": "machine-readable, such as not_json or invalid",
        "headchef-field": "dotted path of the field at fault; empty for the whole record",
        "kafka_exception-message": "what is wrong, and what would be right",
        "kafka_dlt-original-consumer-group": "who could not handle it",
    }
    return {
        "name": "headchef.dead_letter",
        "title": _DEAD_LETTER,
        "summary": "A record that could not be handled: key and bytes as they came, its own headers, and why in more.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {name: {"type": "string", "description": text} for name, text in headers.items()},
        },
        "payload": {"description": "the bytes of the record, untouched"},
    }
