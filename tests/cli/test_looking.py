"""The collections of a run are known before anything is paid for."""

from pathlib import Path

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.workflows.looking import collections_at_hand, collections_of
from tests.workflow.progress.jobs import workflow

STEPS = "  - {id: last, retrieve: {collection: guides, query: a}}"


def test_a_workflow_without_collections_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADCHEF_COLLECTIONS", raising=False)
    assert collections_of(workflow(tmp_path, "  - {id: last, llm: {text: x}}"), ()) is None
    flow = workflow(tmp_path, STEPS)
    assert collections_of(flow, ("last",)) is None
    assert collections_at_hand(flow) is None
    with pytest.raises(WrongUsage, match="no collections are described"):
        collections_of(flow, ())


def test_only_those_that_are_named_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "collections.yaml"
    monkeypatch.setenv("HEADCHEF_COLLECTIONS", str(path))
    flow = workflow(tmp_path, STEPS)
    entry = "{folder: data, shared: true, hashed: {}}"
    path.write_text(f"collections: {{guides: {entry}, other: {entry}}}")
    found = collections_of(flow, ())
    assert found is not None
    assert list(found.entries) == ["guides"]
    assert collections_at_hand(flow) == found
    path.write_text(f"collections: {{other: {entry}}}")
    with pytest.raises(WrongUsage, match=r"step last: there is no collection 'guides' in .*; known are other"):
        collections_of(flow, ())
