"""The measuring of lookups, with few entries: every figure of the table is there, and what is sought is found."""

import pytest

from tests.bench.lookups import Amounts, measure, table
from tests.support.qdrant_server import QdrantAddress


def test_every_figure_is_measured(qdrant: QdrantAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_TEST_QDRANT", qdrant.url)
    figures = measure(Amounts(entries=600, small=20, large=100, singly=20, batches=2, batch=16))
    assert len(figures) == 2 * (3 * 4 + 2)
    assert all(each > 0 for each in figures.values())
    assert len(table(figures).splitlines()) == 10
