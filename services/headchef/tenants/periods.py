"""The days and months that budgets are counted by: those of UTC, so that all processes mean the same. Pure."""

from datetime import UTC, date, datetime, time, timedelta

from headchef_contracts.events.budgets import Day, Period

PERIODS: tuple[Period, ...] = ("day", "month")
_MONTH_AND_MORE = timedelta(days=31)


def day_of(at: datetime) -> Day:
    """Give the day of a time."""
    return at.astimezone(UTC).date().isoformat()


def beginning(period: Period, day: Day) -> Day:
    """Give the first day of the period that a day is in."""
    return day if period == "day" else f"{day[:8]}01"


def next_after(period: Period, begins: Day) -> datetime:
    """Say when the period after one begins.

    Args:
        period: of which kind they are.
        begins: the first day of the one.
    """
    first = date.fromisoformat(begins)
    following = first + timedelta(days=1) if period == "day" else (first + _MONTH_AND_MORE).replace(day=1)
    return datetime.combine(following, time(), UTC)
