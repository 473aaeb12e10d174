"""Hashes that say when two submissions, or two requests, are the same."""

from hashlib import sha256
from typing import Any

from headchef_contracts.events.jobs import NOT_CONTENT

from headchef.canonical import canonical


def payload_hash(payload: dict[str, Any]) -> bytes:
    """Give what two submissions must share to be the same: 32 bytes.

    How many jobs a batch has is nothing of a job: who sends a longer file again sends the same jobs again.
    """
    return sha256(canonical({name: payload[name] for name in payload if name not in NOT_CONTENT})).digest()


def fingerprint(
    *,
    tenant: str,
    model: str,
    prompt_sha256: str,
    parameters: dict[str, Any],
    output_schema: dict[str, Any] | None,
) -> str:
    """Give what two requests must share to have the same answer.

    Args:
        tenant: answers never cross tenants.
        model: as the catalogue names it.
        prompt_sha256: hash of the rendered messages.
        parameters: those that were set; an omitted temperature is not 0.
        output_schema: of the answer, or None.

    Returns:
        64 hexadecimal digits.
    """
    return _hash_of([1, tenant, model, prompt_sha256, parameters], output_schema)


def scope(
    *,
    tenant: str,
    model: str,
    frame_sha256: str,
    parameters: dict[str, Any],
    output_schema: dict[str, Any] | None,
) -> str:
    """Give what two requests must share for the answer to one to serve the other, if their free texts mean the same.

    Args:
        tenant: as in a fingerprint; so are the other arguments that have the same names.
        model: as the catalogue names it.
        frame_sha256: hash of the rendered messages without their free texts.
        parameters: those that were set.
        output_schema: of the answer, or None.

    Returns:
        64 hexadecimal digits, and never a fingerprint's.
    """
    return _hash_of(["scope", 1, tenant, model, frame_sha256, parameters], output_schema)


def _hash_of(asked: list[Any], schema: dict[str, Any] | None) -> str:
    """Give the hash of what is asked with a schema as it is compared: to JSON Schema 1 and 1.0 are one number."""
    written = canonical([*asked, schema])
    # Few schemas have such numbers, and to look for them takes longer than all the rest.
    if schema is not None and b".0" in written and b".0" in canonical(schema):
        written = canonical([*asked, _with_whole_numbers(schema)])
    return sha256(written).hexdigest()


def _with_whole_numbers(value: Any) -> Any:
    match value:
        case dict():
            return {name: _with_whole_numbers(each) for name, each in value.items()}
        case list():
            return [_with_whole_numbers(each) for each in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
