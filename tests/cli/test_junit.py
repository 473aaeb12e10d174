"""JUnit XML of cases: what the schemas of Jenkins and of Ant both want, in the order in which they want it."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from headchef.cli.workflows.testing.junit import junit
from headchef.cli.workflows.testing.result import Result
from headchef.workflow.cases import Difference

AT = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
RESULTS = [
    Result("good", "passed", 0.25),
    Result("bad", "failed", 1, (Difference("a <b> & \x1b[31m", "-x\n+y"), Difference("more"))),
    Result("broken", "error", 0.5, error="nobody answers"),
    Result("late", "interrupted", 0, error="interrupted"),
]


def suite_of(results: list[Result]) -> ET.Element:
    root = ET.fromstring(junit("guide@1", results, at=AT, host="ci", told="1 passed"))
    assert (root.tag, root.attrib) == ("testsuites", {})
    [suite] = root
    return suite


def test_a_suite_has_all_that_readers_want() -> None:
    suite = suite_of(RESULTS)
    assert suite.attrib == {
        "name": "guide@1",
        "package": "guide@1",
        "id": "0",
        "timestamp": "2026-05-01T10:30:00",
        "hostname": "ci",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.750",
    }
    assert [each.tag for each in suite] == ["properties", *["testcase"] * 4, "system-out", "system-err"]
    assert suite.findtext("system-out") == "1 passed"


def test_a_case_has_one_element_for_what_became_of_it() -> None:
    good, bad, broken, late = suite_of(RESULTS).iter("testcase")
    assert good.attrib == {"name": "good", "classname": "guide@1", "time": "0.250"}
    assert [[each.tag for each in case] for case in (good, bad, broken, late)] == [
        [],
        ["failure"],
        ["error"],
        ["skipped"],
    ]
    assert bad[0].attrib == {"message": "a <b> & \ufffd[31m (and 1 more)", "type": "failed"}
    assert bad[0].text == "a <b> & \ufffd[31m\n-x\n+y\nmore"
    assert late[0].attrib == {}
    assert (broken[0].text, late[0].text) == ("nobody answers", "interrupted")
