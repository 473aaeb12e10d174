"""Steps that look into collections: what is given out for them, and what of it is in the result."""

from pathlib import Path

from headchef_contracts.events.common import Inline
from headchef_contracts.events.origin import TextUsed
from headchef_contracts.events.retrievals import RetrievalFailure, RetrievalPlanned

from tests.router.leading.kitchen import Answer, Kitchen, echo, written
from tests.router.leading.oven import Oven, run

STEPS = """
  - id: near
    for_each: {in: "{{ input.cities }}", as: city, min_success: 0.5}
    retrieve: {collection: guides, query: "flats in {{ city }}", top_k: 3, filter: {locale: en, new: true}}
    checks: [{check: array_len, path: documents, min: 1}]
  - {id: last, llm: {text: "Of {{ near }}", with: {near: "{{ steps.near[0].documents[0].text }}"}}}
"""


async def kitchen(folder: Path, answer: Answer = echo) -> Kitchen:
    made = Kitchen(answer)
    await made.publish(written(folder, STEPS))
    return made


async def test_a_search_is_given_out_and_the_texts_are_in_the_provenance(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path)
    await kit.submit({"cities": ["Ghent", "Lyon"]})
    first, second = kit.open
    assert isinstance(first, RetrievalPlanned)
    assert isinstance(second, RetrievalPlanned)
    assert (first.collection, first.query, first.top_k, first.retries) == ("guides", "flats in Ghent", 3, 4)
    assert (first.equal, first.item, second.item) == ({"locale": "en", "new": True}, "0", "1")
    finished = await kit.run()
    assert finished.output == Inline(inline="Of flats in Ghent")
    assert [(each.step_id, each.item, each.collection, each.id) for each in finished.provenance.texts] == [
        ("near", "0", "guides", "a"),
        ("near", "0", "guides", "b"),
        ("near", "1", "guides", "a"),
        ("near", "1", "guides", "b"),
    ]
    assert {each.sha256 for each in finished.provenance.texts} == {"0" * 64}


async def test_a_search_that_comes_to_nothing_is_lost(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, lambda _: RetrievalFailure(reason="store", message="away"))
    await kit.submit({"cities": ["Ghent"]})
    finished = await kit.run()
    assert finished.failure is not None
    assert finished.failure.message == "near: items: 1 of 1 items failed, and at most 0 may: 0: away"
    assert finished.provenance.texts == ()


async def test_a_search_that_is_taken_over_still_says_which_texts_it_gave(tmp_path: Path) -> None:
    oven = Oven("near[1]", "last")
    kit = await kitchen(tmp_path, oven)
    first = await run(kit, 0, {"cities": ["Ghent", "Lyon"]})
    assert first.status == "failed"
    kit.restart()
    oven.asked, oven.lost = [], set()
    second = await run(kit, 1, {"cities": ["Ghent", "Lyon"]})
    assert oven.asked == ["near[1]", "last"]
    assert second.status == "ok"
    assert second.provenance.texts == (*given("0"), *given("1"))


def given(item: str) -> tuple[TextUsed, ...]:
    """Give what a search for an item is said to have given."""
    return tuple(
        TextUsed(step_id="near", item=item, collection="guides", id=name, sha256="0" * 64) for name in ("a", "b")
    )
