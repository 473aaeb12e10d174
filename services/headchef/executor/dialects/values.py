"""Takes values out of a provider's JSON that may hold anything in their place."""

import re
from datetime import datetime
from typing import Any

_NUMBER = re.compile(r"[0-9]{1,15}")
_MAX_TOKENS = 1_000_000_000


def mapping(value: object) -> dict[str, Any]:
    """Give an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """Give the objects of a list; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Give a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def texts(parts: object) -> str:
    """Join the `text` of all parts that have one."""
    return "".join(part["text"] for part in mappings(parts) if isinstance(part.get("text"), str))


def count(value: object) -> int | None:
    """Give a number of tokens, or None; one beyond any model's is garbled, and must not reach a sum in an event."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_TOKENS else None


def number(header: str | None) -> float | None:
    """Give a whole number of a header, or None."""
    return float(header) if header and _NUMBER.fullmatch(header) else None


def seconds_until(time: str | None, now: datetime) -> float | None:
    """Give the seconds until a time of RFC 3339, at least 0; None if it is none."""
    try:
        return max(0.0, (datetime.fromisoformat(time or "") - now).total_seconds())
    except (ValueError, TypeError):
        return None


def given(**fields: object) -> dict[str, object]:
    """Give the fields that are set."""
    return {name: value for name, value in fields.items() if value is not None}


def smallest(*limits: int | None) -> int | None:
    """Give the smallest limit of those that are set, or None."""
    known = [limit for limit in limits if limit is not None]
    return min(known, default=None)
