"""What lies in Qdrant, and what is no answer."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from headchef_contracts.events.semantic import Marks

from headchef.cache.chosen import point_id
from headchef.cache.payload import VERSION, read_payload, write_payload
from tests.cache.builders import make_sought, make_stored
from tests.support.manual_clock import START

MARKS = Marks(tags=("menu",), template="a" * 64, sources=("b" * 64,), more_sources=True)
STORED = make_stored(expires_at=START, marks=MARKS)
SOUGHT = make_sought()


def test_the_payload_is_flat_and_says_its_version() -> None:
    payload = write_payload(STORED)
    assert payload["version"] == VERSION == 3
    lists = (["menu"], ["b" * 64])
    assert all(isinstance(value, str | int | float | None) for value in payload.values() if value not in lists)


def test_the_point_is_the_first_half_of_the_fingerprint() -> None:
    assert point_id("0123456789abcdef" * 4) == UUID("01234567-89ab-cdef-0123-456789abcdef")


def test_a_payload_reads_back() -> None:
    assert read_payload(write_payload(STORED), SOUGHT) == STORED


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 1},
        {"version": None},
        {"tenant": "other"},
        {"fingerprint": "0" * 64},
        {"answer": "not JSON"},
        {"answer": "{}"},
        {"answer": None},
        {"answer": write_payload(STORED)["answer"].replace("fine", "fane")},
        {"crc": 0},
        {"cost_usd": "dear"},
        {"expires_at_s": "soon"},
        {"settled_at_s": None},
        {"settled_at_s": 1e300},
        {"settled_offset": -1},
        {"expires_at_s": STORED.settled_at.timestamp() + 1e9},
        {"planned_at_s": STORED.settled_at.timestamp() + 1e6},
        {"tags": ["supper"]},
        {"tags": []},
        {"template": "c" * 64},
        {"sources": ["c" * 64]},
        {"more_sources": False},
    ],
)
def test_what_another_version_or_somebody_else_wrote_is_no_answer(changed: dict[str, Any]) -> None:
    assert read_payload({**write_payload(STORED), **changed}, SOUGHT) is None


@pytest.mark.parametrize("name", [*write_payload(STORED)])
def test_a_payload_that_lacks_a_field_is_no_answer(name: str) -> None:
    payload = write_payload(STORED)
    del payload[name]
    assert read_payload(payload, SOUGHT) is None


def test_its_worth_is_written_again_and_again() -> None:
    found = read_payload({**write_payload(STORED), "worth": 7.5}, SOUGHT)
    assert found == replace(STORED, worth=7.5)


@pytest.mark.parametrize("payload", [None, {}])
def test_a_point_without_a_payload_is_no_answer(payload: dict[str, Any] | None) -> None:
    assert read_payload(payload, SOUGHT) is None
