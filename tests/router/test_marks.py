"""By what answers can be found again: what the door and a workflow write into their questions."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.semantic import MAX_MARKED_SOURCES, Marks
from headchef_contracts.events.steps import StepPlanned

from headchef.marks import marks_of, marks_of_question, source_of_image, template_of_step, template_of_texts
from tests.router.leading.kitchen import Kitchen, echo, written
from tests.support.builders import make_job
from tests.support.images import ADDRESS

FOUND = """
  - id: menu
    http: {get: "https://pim.example.com/menu", allow_hosts: [pim.example.com]}
  - id: unread
    http: {get: "https://pim.example.com/hours", allow_hosts: [pim.example.com]}
  - {id: draft, llm: {text: "Of {{ menu }}", with: {menu: "{{ steps.menu }}"}}}
  - {id: other, llm: {text: "Of {{ hours }}", with: {hours: "{{ steps.unread }}"}}}
  - id: last
    llm: {text: "Join {{ one }} {{ two }}", with: {one: "{{ steps.draft }}", two: "{{ steps.other }}"}}
"""


def marks(**fields: Any) -> Marks | None:
    return marks_of_question(JobSubmitted.model_validate(make_job(**fields)))


def test_a_literal_question_without_tags_has_no_marks() -> None:
    assert marks() is None


def test_a_template_is_known_by_its_texts_and_not_by_what_is_filled_in() -> None:
    one, other = (marks(prompt="About {{ input.car }}", system="Be brief.", input={"car": car}) for car in "ab")
    assert one == other == Marks(template=template_of_texts("Be brief.", "About {{ input.car }}"))
    assert one != marks(prompt="About {{ input.car }}.", system="Be brief.", input={"car": "a"})


def test_tags_and_images_are_marks() -> None:
    found = marks(cache_tags=["menu", "summer", "menu"], images=[{"media_type": "image/png", "url": ADDRESS}])
    assert found == Marks(tags=("menu", "summer"), sources=(sha256(ADDRESS.encode()).hexdigest(),))


def test_an_image_is_known_by_its_bytes() -> None:
    assert source_of_image(Image(media_type="image/png", base64="AAEC")) == sha256(b"\0\1\2").hexdigest()


def test_of_too_many_sources_is_said_that_there_are_more() -> None:
    hashes = [f"{number:064x}" for number in range(MAX_MARKED_SOURCES + 1)]
    found = marks_of((), None, hashes)
    assert found == Marks(sources=tuple(hashes[:-1]), more_sources=True)
    assert marks_of((), None, [*hashes[:-1], hashes[0]]) == Marks(sources=tuple(hashes[:-1]))


@pytest.mark.parametrize(("step", "reads"), [("draft", {"menu"}), ("other", {"hours"}), ("last", {"menu", "hours"})])
async def test_a_step_has_the_sources_of_all_that_it_reads(tmp_path: Path, step: str, reads: set[str]) -> None:
    kit = Kitchen(echo)
    await kit.publish(written(tmp_path, FOUND))
    await kit.submit({}, cache_tags=["autumn"])
    finished = await kit.run()
    assert finished.status == "ok"
    [planned] = [each for each in kit.given_out if isinstance(each, StepPlanned) and each.step.step_id == step]
    found = planned.step.marks
    assert found is not None
    assert (found.tags, found.template) == (("autumn",), template_of_step("w@1", step))
    sources = {each.step_id: each.sha256 for each in finished.provenance.sources}
    named = {"menu": sources["menu"], "hours": sources["unread"]}
    assert set(found.sources) == {named[each] for each in reads}
