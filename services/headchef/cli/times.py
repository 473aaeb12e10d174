"""Reads the times that options give: a moment, or a span back from now."""

import re
from datetime import UTC, datetime, timedelta

from headchef.cli.faults import WrongUsage

_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_ms(option: str, text: str) -> float:
    """Give a moment in milliseconds of the epoch.

    Args:
        option: that gave it, for the message.
        text: in ISO 8601; UTC if it does not say.

    Raises:
        WrongUsage: it is none.
    """
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, OverflowError):
        raise WrongUsage(
            f'{option}: "{text}" is not a time', "such as 2026-11-20T12:00 for UTC, or 2026-11-20T12:00+01:00"
        ) from None


def since_ms(option: str, text: str, now: datetime) -> float:
    """Give a moment as `moment_ms` does, or one that lies a span back, such as `90m`, `24h` or `7d`.

    Args:
        option: that gave it, for the message.
        text: the moment or the span.
        now: what spans are counted from.

    Raises:
        WrongUsage: it is neither.
    """
    if span := _SPAN.fullmatch(text):
        return now.timestamp() * 1000 - timedelta(**{_UNITS[span[2]]: int(span[1])}) / timedelta(milliseconds=1)
    try:
        return moment_ms(option, text)
    except WrongUsage as error:
        raise WrongUsage(error.message, "such as 24h, 7d, or 2026-11-20T12:00 for UTC") from None
