"""How much a step audits: all its items are audited at once, and what it finds is bounded."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef.workflow.entry import MAX_AT_ONCE
from headchef.workflow.progress import Audit, Unit
from headchef.workflow.progress.judging import MAX_FINDINGS
from tests.workflow.progress.jobs import JUDGE, begun, done, echoed, workflow

EACH = """
  - id: audits
    for_each: {in: "{{ input.items }}", as: it}
    audit: {target: "{{ it }}", rules: [{check: chars, max: 3}]}
"""
TOO_MANY = f"{MAX_AT_ONCE + 1:,} items are to be audited, and a step audits at most {MAX_AT_ONCE:,}"
RESULT = "{{ steps.audits }}"


def items(count: int) -> dict[str, Any]:
    return {"items": ["abcd"] * count}


def test_a_step_that_audits_too_many_items_is_lost_before_the_first(tmp_path: Path) -> None:
    progress, todo = begun(workflow(tmp_path, EACH, RESULT), items(MAX_AT_ONCE + 1))
    assert todo == []
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.failed) == ("failed", Unit("audits"))
    assert progress.ending.why is not None
    assert (progress.ending.why.reason, progress.ending.why.message) == ("items", TOO_MANY)


def test_what_a_step_does_about_errors_holds_for_too_many_items(tmp_path: Path) -> None:
    progress, _ = begun(workflow(tmp_path, f"{EACH}    on_error: drop\n", RESULT), items(MAX_AT_ONCE + 1))
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", None)
    assert [finding.message for finding in progress.ending.findings] == [TOO_MANY]


def test_as_many_items_as_may_be_are_audited(tmp_path: Path) -> None:
    progress, todo = begun(workflow(tmp_path, EACH, RESULT), items(MAX_AT_ONCE))
    done(progress, todo, echoed, Random(1))
    assert progress.ending is not None
    assert [each["score"] for each in progress.ending.output] == [0.0] * MAX_AT_ONCE


def test_more_items_than_are_audited_may_be_asked_about(tmp_path: Path) -> None:
    steps = EACH.replace('audit: {target: "{{ it }}", rules: [{check: chars, max: 3}]}', "llm: {text: hi}")
    _, todo = begun(workflow(tmp_path, steps, RESULT), items(MAX_AT_ONCE + 1))
    assert len(todo) == 8


@pytest.mark.parametrize(("count", "shown"), [(MAX_FINDINGS, MAX_FINDINGS), (MAX_FINDINGS + 1, MAX_FINDINGS + 1)])
@pytest.mark.parametrize("rules", [1, 2])
def test_an_audit_says_that_there_are_more_findings_than_it_gives(count: int, shown: int, rules: int) -> None:
    counts = [count] if rules == 1 else [count - 10, 10]
    target = {f"of{number}": ["abcd"] * each for number, each in enumerate(counts)}
    asked = [{"check": "chars", "path": f"of{number}[]", "max": 3} for number in range(rules)]
    found = JUDGE.audited(Audit(Unit("audits"), target, None, asked, []))["findings"]
    assert len(found) == shown
    assert [each["check"] for each in found[:MAX_FINDINGS]] == ["chars"] * MAX_FINDINGS
    assert [each["check"] for each in found[MAX_FINDINGS:]] == ["more"] * (count - MAX_FINDINGS)
