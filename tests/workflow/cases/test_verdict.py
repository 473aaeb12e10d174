"""What came of a case is held against what was expected."""

from decimal import Decimal
from typing import Any

import pytest

from headchef_contracts.events.common import Finding

from headchef.workflow.cases import Used, differences
from headchef.workflow.cases.form import ExpectEntry
from headchef.workflow.progress import Ending, Lost, Unit
from tests.workflow.progress.jobs import JUDGE

OUTPUT = {"title": "Canals", "sections": [{"n": 1}, {"n": 2}], "done": True}
LOST = Finding(check="timeout", path="/steps/sections/2", message="30 s without an answer")
GOOD = Ending("ok", OUTPUT, (LOST,))
FAILED = Ending("failed", failed=Unit("sections", "2"), why=Lost("timeout", "30 s"))
PAID = Used(questions=3, cost_usd=Decimal("0.02"), unpriced=1, tokens=500)


def told(expect: dict[str, Any], ending: Ending, used: Used = PAID) -> list[str]:
    return [each.message for each in differences(ExpectEntry.model_validate(expect), ending, used, JUDGE)]


@pytest.mark.parametrize(
    ("expect", "ending"),
    [
        ({"status": "ok"}, GOOD),
        ({"checks": [{"check": "chars", "path": "title", "max": 6}]}, GOOD),
        ({"equals": {"title": "Canals", "sections[1].n": 2, "": OUTPUT}}, GOOD),
        ({"findings": [{"path": "/steps/sections/2", "check": "timeout", "message": "without"}]}, GOOD),
        ({"most": {"tokens": 500, "questions": 3}}, GOOD),
        ({"status": "failed", "step": "sections", "reason": "timeout"}, FAILED),
        ({"status": "failed", "findings": []}, FAILED),
    ],
)
def test_what_is_as_expected_says_nothing(expect: dict[str, Any], ending: Ending) -> None:
    assert told(expect, ending) == []


@pytest.mark.parametrize(
    ("expect", "ending", "messages"),
    [
        ({"status": "ok"}, FAILED, ["status is failed, expected ok: sections[2]: timeout"]),
        ({"status": "failed"}, GOOD, ["status is ok, expected failed"]),
        ({"status": "failed", "step": "outline"}, FAILED, ["failed at sections, expected outline"]),
        ({"status": "failed", "reason": "rejected"}, FAILED, ["failed of timeout, expected rejected"]),
        (
            {"checks": [{"check": "chars", "path": "title", "max": 5}]},
            GOOD,
            ["chars: /title: has 6 characters, and may have at most 5"],
        ),
        ({"checks": [{"check": "chars", "path": "titel", "max": 5}]}, GOOD, ["chars: there is nothing at titel"]),
        ({"equals": {"sections[].n": 1}}, GOOD, ["equals: /sections/1/n is another value"]),
        ({"equals": {"done": 1}}, GOOD, ["equals: /done is another value"]),
        ({"equals": {"sections[2].n": 1}}, GOOD, ["equals: there is nothing at sections[2].n"]),
        (
            {"findings": []},
            GOOD,
            ["findings: not expected: timeout: /steps/sections/2: 30 s without an answer"],
        ),
        (
            {"findings": [{"check": "timeout"}, {"check": "chars", "path": "/a"}]},
            GOOD,
            ["findings: none has check chars, path /a"],
        ),
        ({"findings": [{"check": "timeout"}, {"check": "timeout"}]}, GOOD, ["findings: none has check timeout"]),
        (
            {"most": {"usd": "0.01", "tokens": 499, "questions": 2}},
            GOOD,
            [
                "most.usd: it cost 0.02, and at most 0.01 was expected",
                "most.usd: 1 questions have no known cost; give their models prices",
                "most.tokens: it took 500, and at most 499 were expected",
                "most.questions: there were 3, and at most 2 were expected",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_not_is_named(expect: dict[str, Any], ending: Ending, messages: list[str]) -> None:
    assert told(expect, ending) == messages


def test_another_value_is_shown_beside_the_expected_one() -> None:
    expect = ExpectEntry.model_validate({"equals": {"sections": [{"n": 1}, {"n": 3}]}})
    [found] = differences(expect, GOOD, PAID, JUDGE)
    assert found.detail.splitlines() == [
        "--- expected",
        "+++ found",
        "@@ -1,2 +1,2 @@",
        " - n: 1",
        "-- n: 3",
        "+- n: 2",
    ]
