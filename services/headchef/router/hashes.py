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
    return sha256(canonical([1, tenant, model, prompt_sha256, parameters, output_schema])).hexdigest()
