"""A task's part of a lane's quota is enough for one call, or the catalogue is refused; fewer tasks may share it."""

from pathlib import Path

import pytest

from headchef.catalogue import load
from tests.catalogue.test_reading import GOOD, faults, write


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("requests_per_minute: 3", "at least 4 is needed"),
        ("concurrency: 3", "at least 4 is needed"),
        ("tokens_per_minute: 30000", "whose answer may have 8192 tokens; at least 32768"),
        ("output_tokens_per_minute: 30000", "whose answer may have 8192 tokens; at least 32768"),
        ("input_tokens_per_minute: 0", "greater than or equal to 1"),
        ("concurrency: -1", "greater than or equal to 1"),
    ],
)
def test_a_share_that_is_less_than_one_call_is_refused(tmp_path: Path, limit: str, says: str) -> None:
    [(line, field, message)] = faults(tmp_path, GOOD.replace("provider: acme\n", f"provider: acme\n    {limit}\n"))
    assert (line, field) == (10, f"lanes.default.{limit.split(':', maxsplit=1)[0]}")
    assert says in message


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (("requests_per_minute: 3",), "at least 4 is needed, or `active_partitions: 3` in this lane"),
        (("tokens_per_minute: 30000",), "at least 32768 is needed, or `active_partitions: 3` in this lane"),
        (("requests_per_minute: 3", "tokens_per_minute: 20000"), "or `active_partitions: 2` in this lane"),
    ],
)
def test_a_lane_that_is_too_small_for_its_tasks_may_use_fewer(tmp_path: Path, limits: list[str], says: str) -> None:
    lines = "".join(f"    {limit}\n" for limit in limits)
    found = faults(tmp_path, GOOD.replace("provider: acme\n", f"provider: acme\n{lines}"))
    assert len(found) == len(limits)
    assert all(says in message for _, _, message in found)
    number = int(says.split("active_partitions: ")[1][0])
    texts = (
        GOOD.replace("provider: acme\n", f"provider: acme\n    active_partitions: {active}\n{lines}")
        for active in (number, number + 1, number + 4)
    )
    assert load(write(tmp_path, next(texts))).lanes["default"].active_partitions == number
    assert all(faults(tmp_path, text) for text in texts)


def test_a_limit_below_one_call_is_too_small_for_any_number_of_tasks(tmp_path: Path) -> None:
    [(_, _, message)] = faults(tmp_path, GOOD.replace("provider: acme\n", "provider: acme\n    tokens_per_minute: 9\n"))
    assert message.endswith("at least 32768 is needed")


def test_a_lane_may_use_its_first_partitions_alone(tmp_path: Path) -> None:
    for number in (1, 3, 4, 100):
        text = GOOD.replace("provider: acme\n", f"provider: acme\n    active_partitions: {number}\n")
        assert load(write(tmp_path, text)).lanes["default"].active_partitions == number
    assert load(write(tmp_path, GOOD)).lanes["default"].active_partitions is None
    for wrong in ("0", "-1", "two", "1.5"):
        text = GOOD.replace("provider: acme\n", f"provider: acme\n    active_partitions: {wrong}\n")
        [(line, field, message)] = faults(tmp_path, text)
        assert (line, field) == (10, "lanes.default.active_partitions")
        assert "expected: how many of the first partitions of its topics are used" in message
