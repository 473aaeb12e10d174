"""The picture in docs/cache.md is the one of the figures in BENCHMARKS.md."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.bound.picture import DOCUMENT, PICTURE, drawn, read_shares
from tests.bench.bound.table import write_bound

_WAYS = ("ours", "equal", "threshold", "vcache")


def figures(embedder: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for order in ("random", "waves"):
        found[f"bound.{embedder}.{order}.orders"] = 3
        for way in _WAYS:
            of = f"bound.{embedder}.{order}.0.01.{way}."
            found |= {f"{of}orders": 3, f"{of}within": 2}
            for share in ("share_served", "share_wrong", "share_wrong_of_all"):
                found |= {f"{of}{share}": 0.25, f"{of}{share}.low": 0.125, f"{of}{share}.high": 0.5}
    return found


def test_it_is_drawn_from_the_tables() -> None:
    assert PICTURE.read_text(encoding="utf-8") == drawn(read_shares(DOCUMENT.read_text(encoding="utf-8"), "hashed")), (
        "draw it anew: make bench ARGS='--only bound', or tests.bench.bound.picture.draw()"
    )


def test_the_tables_are_read_as_they_are_written(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# Page\n<!-- bound: begin -->\n<!-- bound: end -->\n", encoding="utf-8")
    write_bound(document, figures("hashed") | figures("other"), "Today")
    text = document.read_text(encoding="utf-8")
    for embedder in ("hashed", "other"):
        (shares,) = read_shares(text, embedder)
        assert (shares.limit, shares.wrong, shares.low, shares.high) == (1.0, 25.0, 12.5, 50.0)
        assert (shares.served, shares.threshold) == (25.0, 25.0)
    assert "| 1.0% | vCache's decision | 25.00% (12.50% to 50.00%) |" in text
    assert "| 2 of 3 |" in text


def test_it_is_a_picture() -> None:
    picture = ET.fromstring(PICTURE.read_text(encoding="utf-8"))
    assert picture.tag.endswith("svg")


def test_without_a_table_it_says_how_to_make_one() -> None:
    with pytest.raises(ValueError, match=r"BENCHMARKS\.md has no table for the vectors mine: make bench"):
        read_shares(DOCUMENT.read_text(encoding="utf-8"), "mine")
