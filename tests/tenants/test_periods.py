"""Periods are those of UTC: each day is in one, and the next begins where it ends."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.budgets import Period

from headchef.tenants import beginning, day_of, next_after
from headchef.tenants.periods import PERIODS

DAYS = st.dates(date(2000, 1, 1), date(9998, 12, 31)).map(date.isoformat)


def test_a_time_is_of_the_day_that_it_is_in_utc() -> None:
    late = datetime(2026, 11, 30, 23, 59, tzinfo=timezone(timedelta(hours=-3)))
    assert day_of(late) == "2026-12-01"
    assert beginning("month", day_of(late)) == "2026-12-01"


def test_a_leap_year_has_its_day() -> None:
    assert next_after("day", "2028-02-28") == datetime(2028, 2, 29, tzinfo=UTC)
    assert next_after("month", "2028-02-01") == datetime(2028, 3, 1, tzinfo=UTC)
    assert next_after("month", "2026-12-01") == datetime(2027, 1, 1, tzinfo=UTC)


@given(DAYS, st.sampled_from(PERIODS))
def test_the_next_period_begins_after_the_last_day_of_one(day: str, period: Period) -> None:
    begins = beginning(period, day)
    after = next_after(period, begins)
    assert begins <= day < day_of(after)
    assert beginning(period, day_of(after)) == day_of(after), "it begins one itself"
    assert beginning(period, day_of(after - timedelta(microseconds=1))) == begins
