"""Drawings of workflows: all steps and arrows are there, nothing covers anything, and no text is markup."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from headchef.workflow import Workflow, load
from headchef.workflow.drawing import mermaid, svg
from tests.workflow.files import FILE, LANDING, changed

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def landing() -> Workflow:
    return load(LANDING / FILE)


def test_mermaid_has_a_line_for_each_box_and_arrow(landing: Workflow) -> None:
    lines = mermaid(landing).splitlines()
    assert lines[:4] == ["---", "title: local-landing-page@3", "---", "flowchart TD"]
    assert '    step_sections["sections<br/>llm<br/>for each section"]' in lines
    assert '    step_geo["geo<br/>llm: medium<br/>when steps.audit.score #60; 85"]' in lines
    arrows = {(one, other) for one, other in (line.split(" --> ") for line in lines if "-->" in line)}
    assert ("    of_input", "step_facts") in arrows
    assert ("    step_final", "of_result") in arrows
    between = {(one.strip(), other) for one, other in arrows if "of_" not in one + other}
    assert between == {(f"step_{need}", f"step_{step}") for step, needs in landing.needs.items() for need in needs}


def test_a_drawing_shows_each_step_and_none_covers_another(landing: Workflow) -> None:
    root = ET.fromstring(svg(landing))
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {"local-landing-page@3", "input", "result", *landing.steps} <= set(texts)
    boxes = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height")) for each in root.iter(f"{SVG}rect")
    ]
    assert len(boxes) == len(landing.steps) + 2
    for number, (x, y, width, height) in enumerate(boxes):
        assert 0 <= x <= x + width <= float(root.attrib["width"])
        assert 0 <= y <= y + height <= float(root.attrib["height"])
        for other_x, other_y, other_width, other_height in boxes[:number]:
            apart_x = x >= other_x + other_width or other_x >= x + width
            assert apart_x or y >= other_y + other_height or other_y >= y + height


def test_arrows_lead_downwards_from_box_to_box(landing: Workflow) -> None:
    root = ET.fromstring(svg(landing))
    arrows = [each.attrib["d"] for each in root.iter(f"{SVG}path") if each.attrib.get("class") == "arrow"]
    assert len(arrows) == sum(max(1, len(needs)) for needs in landing.needs.values()) + 1
    for arrow in arrows:
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", arrow)]
        assert numbers[1] < numbers[-1]


def test_no_arrow_runs_behind_a_box(landing: Workflow) -> None:
    """It goes upright through each layer that it passes: there no box may be in its column."""
    root = ET.fromstring(svg(landing))
    boxes = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height")) for each in root.iter(f"{SVG}rect")
    ]
    passes = 0
    for each in root.iter(f"{SVG}path"):
        if each.attrib.get("class") == "arrow":
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", each.attrib["d"])]
            # M x y, then for each stretch C and three points, the last of which is where it ends.
            points = [numbers[0:2], *(numbers[at + 4 : at + 6] for at in range(2, len(numbers), 6))]
            for at_x, at_y in points[1:-1]:
                passes += 1
                assert not any(x <= at_x <= x + width and y <= at_y <= y + height for x, y, width, height in boxes)
    assert passes > 0


def test_what_a_workflow_says_is_no_markup(tmp_path: Path) -> None:
    wild = "{{ steps.audit.score < 85 and '</text><script>\"&' }}"
    drawn = load(changed(tmp_path, ('"{{ steps.audit.score < 85 }}"', f"|-\n      {wild}")))
    root = ET.fromstring(svg(drawn))
    assert not list(root.iter(f"{SVG}script"))
    assert '"]' not in mermaid(drawn).replace('"]\n', "")
    assert "<script>" not in mermaid(drawn)
