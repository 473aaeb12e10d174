"""How long providers ask to wait, in the forms that they really use."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.retry_after import read_retry_after

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "message", "wait_s"),
    [
        ({}, "", None),
        ({"retry-after": "20"}, "", 20),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after": "0"}, "", None),
        ({"retry-after": "-1"}, "", None),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, "", 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, "", None),
        ({"retry-after-ms": "1500", "retry-after": "2"}, "", 1.5),
        ({"x-ms-retry-after-ms": "250", "retry-after": "1"}, "", 0.25),
        ({"retry-after-ms": "-1", "retry-after": "3"}, "", 3),
        ({}, "Rate limit reached. Please try again in 20s.", 20),
        ({}, "Please try again in 6m0s.", 360),
        ({}, "Please try again in 12ms", 0.012),
        ({}, "Please retry in 47.4s.", 47.4),
        ({}, "Please try again in a while", None),
        ({"retry-after": "5"}, "Please try again in 20s.", 5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, "", 90),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12ms"}, "", 0.012),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1h"}, "", None),
    ],
)
def test_forms(headers: dict[str, str], message: str, wait_s: float | None) -> None:
    assert read_retry_after(headers, message, NOW) == (None if wait_s is None else pytest.approx(wait_s))


@given(text=st.text(), message=st.text())
def test_nonsense_is_no_wait_and_no_error(text: str, message: str) -> None:
    headers = {"retry-after": text, "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": text}
    wait_s = read_retry_after(headers, message, NOW)
    assert wait_s is None or wait_s > 0
