"""Reads how long a server asks to wait, in all the forms that providers and others use."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|h|m|s))+")
_IN_WORDS = re.compile(r"(?:try again|retry) in (\d[\dhms.]*[hms])", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_retry_after(headers: Mapping[str, str], message: str, now: datetime) -> float | None:
    """Give the seconds to wait, or None where the server does not say.

    Args:
        headers: of the response; names in any case if the mapping takes them so.
        message: the error's text, such as "Please try again in 6m0s".
        now: aware, for dates in the header.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        wait_s = _number(headers.get(name), unit_s)
        if wait_s is not None:
            return wait_s
    dated_s = _date(headers.get("retry-after"), now)
    if dated_s is not None:
        return dated_s
    words = _IN_WORDS.search(message)
    if words:
        return read_duration(words[1])
    return _longest_reset(headers)


def _number(text: str | None, unit_s: float) -> float | None:
    try:
        value = float(text) if text else 0.0
    except ValueError:
        return None
    # Azure writes -1 and 0 where it has nothing to say.
    return value * unit_s if value > 0 and isfinite(value) else None


def _date(text: str | None, now: datetime) -> float | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    wait_s = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return max(wait_s.total_seconds(), 0.0) or None


def read_duration(text: str) -> float | None:
    """Read a duration such as `12ms`, `1.5s` or `6m0s`, in seconds; None for 0 and for anything else."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text)) or None


def _longest_reset(headers: Mapping[str, str]) -> float | None:
    """OpenAI's headers say when each quota is full again; only one that is used up is waited for."""
    waits = [
        read_duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)
