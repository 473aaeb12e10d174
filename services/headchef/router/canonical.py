"""Canonical JSON and its hashes: equal values give equal bytes, whatever the order of their keys."""

import json
from hashlib import sha256
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """Write a JSON value with sorted keys and no spaces.

    Args:
        value: parsed JSON. Numbers stay as they were written: 1 and 1.0 differ.

    Returns:
        UTF-8.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # orjson stops at 64 bits; the standard library is slower and does not.
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def payload_hash(payload: dict[str, Any]) -> bytes:
    """Give what two submissions must share to be the same: 32 bytes."""
    return sha256(canonical(payload)).digest()


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
    return sha256(canonical([1, tenant, model, prompt_sha256, parameters, output_schema])).hexdigest()
