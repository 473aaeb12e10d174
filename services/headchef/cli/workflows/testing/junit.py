"""Writes what came of cases as JUnit XML, which CI systems read: valid by the schemas of Jenkins and of Ant."""

import re
from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from headchef.cli.workflows.testing.result import Result

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {"failed": "failure", "error": "error", "interrupted": "skipped"}


def junit(workflow: str, results: Sequence[Result], *, at: datetime, host: str, told: str) -> str:
    """Write a suite.

    Args:
        workflow: its name and version.
        results: of all cases.
        at: when the first one began, UTC.
        host: the machine.
        told: what was said on the terminal.
    """
    counts = {verdict: sum(each.verdict == verdict for each in results) for verdict in _TAGS}
    suite = ET.Element(
        "testsuite",
        name=workflow,
        package=workflow,
        id="0",
        timestamp=at.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=host,
        tests=str(len(results)),
        failures=str(counts["failed"]),
        errors=str(counts["error"]),
        skipped=str(counts["interrupted"]),
        # The cases run side by side: this is how long they would take one after the other, as the schemas mean it.
        time=_seconds(sum(each.seconds for each in results)),
    )
    ET.SubElement(suite, "properties")
    for result in results:
        case = ET.SubElement(suite, "testcase", name=result.case, classname=workflow, time=_seconds(result.seconds))
        if result.verdict != "passed":
            # Ant's schema allows nothing of the kind for what was skipped.
            about = {"message": _clean(result.headline), "type": result.verdict}
            if result.verdict == "interrupted":
                about = {}
            ET.SubElement(case, _TAGS[result.verdict], about).text = _clean(result.account)
    ET.SubElement(suite, "system-out").text = _clean(told)
    ET.SubElement(suite, "system-err")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _clean(text: str) -> str:
    """Replace the characters that XML cannot hold, not even escaped."""
    return _NOT_XML.sub("\ufffd", text)
