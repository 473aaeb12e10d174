"""The processor as the host gets it: what it reads, and clear errors where a setting or the file is wrong."""

from pathlib import Path

import pytest

from headchef_contracts.events.common import Ref
from headchef_contracts.events.retrievals import RetrievalEnded

from headchef import tenancy
from headchef.bodies import WithBodies
from headchef.retrieval.wanted import Document, Query, Retrieved
from headchef.retriever.__main__ import assemble
from headchef.retriever.__main__ import processor as made
from headchef.retriever.settings import RetrieverSettings
from headchef.runtime.processor import Emit, pair
from headchef.runtime.settings import BadSettings
from tests.bodies.builders import LARGE, Pantry, reference_to
from tests.fetcher.test_assembly import surroundings
from tests.fetcher.test_handler import NoState
from tests.retriever.test_handler import SHA, planned
from tests.support.builders import make_delivery


class Guides:
    """Finds one long text, whatever is looked for."""

    async def retrieve(self, query: Query) -> Retrieved:
        return Retrieved(query.collection, [Document("a", LARGE, 0.5, SHA)])


async def test_searches_are_made_side_by_side_and_tenants_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADCHEF_COLLECTIONS", raising=False)
    async with assemble(surroundings()) as processor:
        assert processor.inputs == pair("retrievals.planned", flow=tenancy.of_call)
        assert (processor.name, processor.order, processor.concurrency) == ("retriever", "concurrent", 16)
        assert processor.stores == ()


@pytest.mark.parametrize(("variable", "value"), [("RETRIEVER_CONCURRENCY", "0"), ("RETRIEVER_TIMEOUT_S", "long")])
async def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_{variable}", value)
    with pytest.raises(BadSettings, match=f"HEADCHEF_{variable}"):
        async with assemble(surroundings()):
            pass


async def test_a_wrong_file_and_a_key_that_is_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "collections.yaml"
    monkeypatch.setenv("HEADCHEF_COLLECTIONS", str(path))
    for text, said in (
        ("collections: {guides: {folder: data, shared: true}}", "give `hashed` or `endpoint`"),
        (
            "collections: {guides: {server: {url: 'http://localhost', api_key_env: NO_KEY}, shared: true, hashed: {}}}",
            "environment variable NO_KEY is not set",
        ),
    ):
        path.write_text(text)
        with pytest.raises(BadSettings, match=said):
            async with assemble(surroundings()):
                pass


async def test_what_is_found_may_lie_in_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_BODIES", tmp_path.as_uri())
    async with assemble(surroundings()) as processor:
        assert isinstance(processor.handler, WithBodies)


async def test_a_large_output_is_named_and_where_its_texts_are_from_stays_in_the_event() -> None:
    pantry, event = Pantry(), planned()
    handler = made(Guides(), RetrieverSettings(), surroundings(), pantry.bodies).handler
    assert isinstance(handler, WithBodies)
    outcome = await handler.handle(make_delivery(event, topic="retrievals.planned", value=b"{}"), NoState())
    [output] = outcome.outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, RetrievalEnded)
    wanted = {"documents": [{"id": "a", "text": LARGE, "score": 0.5, "sha256": SHA}]}
    assert output.event.output == Ref(ref=reference_to(wanted))
    assert list(pantry.store.objects) == [(event.job.tenant, reference_to(wanted).sha256)]
    assert output.event.found is not None
    assert [each.id for each in output.event.found.texts] == ["a"]
