"""Steps that read sources: what is given out for them, and what of it is in the result."""

from pathlib import Path

from headchef_contracts.events.common import Inline
from headchef_contracts.events.fetches import FetchFailure, FetchPlanned

from tests.router.leading.kitchen import Answer, Kitchen, echo, written

SOURCE = """
  - id: facts
    for_each: {in: "{{ input.cities }}", as: city, key: name, min_success: 0.5}
    http:
      get: "https://pim.example.com/{{ city.name }}?key={{ city.key }}"
      allow_hosts: [pim.example.com]
      max_kb: 2
      timeout_s: 5
    checks: [{check: chars, path: read, max: 60}]
  - {id: last, llm: {text: "Of {{ facts }}", with: {facts: "{{ steps.facts }}"}}}
"""


async def kitchen(folder: Path, answer: Answer = echo) -> Kitchen:
    made = Kitchen(answer)
    await made.publish(written(folder, SOURCE))
    return made


async def test_a_document_is_read_and_judged_and_its_source_is_in_the_result(tmp_path: Path) -> None:
    cities = [{"name": "ghent", "key": "k"}, {"name": "lyon", "key": "k" * 60}]
    kit = await kitchen(tmp_path)
    await kit.submit({"cities": cities})
    first, _ = kit.open
    assert isinstance(first, FetchPlanned)
    assert (first.address, first.allow_hosts, first.read_as) == (
        "https://pim.example.com/ghent?key=k",
        ("pim.example.com",),
        "json",
    )
    assert (first.max_bytes, first.timeout_s, first.retries, first.item) == (2_048, 5.0, 4, "ghent")
    finished = await kit.run()
    assert finished.output == Inline(inline='Of [{"read": "https://pim.example.com/ghent?key=k"}]')
    assert [(each.step_id, each.item, each.size_bytes) for each in finished.provenance.sources] == [
        ("facts", "ghent", 21),
        ("facts", "lyon", 21),
    ]
    assert [finding.path for finding in finished.findings] == ["/steps/facts/lyon"]


async def test_a_document_that_cannot_be_had_is_lost(tmp_path: Path) -> None:
    kit = await kitchen(tmp_path, lambda _: FetchFailure(reason="http_status", message="404"))
    await kit.submit({"cities": [{"name": "ghent", "key": "k"}]})
    finished = await kit.run()
    assert finished.failure is not None
    assert finished.failure.message == "facts: items: 1 of 1 items failed, and at most 0 may: ghent: 404"
    assert finished.provenance.sources == ()
