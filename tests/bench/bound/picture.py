"""Draws what the bound has kept and served, from the tables in BENCHMARKS.md: the picture in docs/cache.md."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bound.table import BOUND, EQUAL, heading

_ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = _ROOT / "BENCHMARKS.md"
PICTURE = _ROOT / "docs" / "cache-bound.svg"

_ROW = re.compile(r"\| ([\d.]+)% \| ([^|]+) \| ([\d.]+)% \([^|]*\) \| ([\d.]+)% \(([\d.]+)% to ([\d.]+)%\) \|")

_LEFT, _WIDTH, _TOP, _ROW_HEIGHT = 170, 250, 70, 56
_RIGHT = _LEFT + _WIDTH + 70
_STYLE = (
    "text{font:13px sans-serif;fill:#222}.small{font-size:11px;fill:#555}.head{font-weight:bold}"
    ".bound{fill:#2a7f62}.threshold{fill:#b9b9b9}.limit{stroke:#b3261e;stroke-width:2}.range{stroke:#2a7f62;stroke-width:3}"
)


@dataclass(frozen=True, slots=True)
class Shares:
    """What came out for one limit, in per cent.

    Attributes:
        limit: of served answers that may be wrong.
        wrong: of served answers that were.
        low: in all but the best orders.
        high: in all but the worst.
        served: of all questions.
        threshold: that the best threshold could serve, had it been known, with as few wrong.
    """

    limit: float
    wrong: float
    low: float
    high: float
    served: float
    threshold: float


def read_shares(document: str, embedder: str) -> list[Shares]:
    """Read the shares for questions by chance from the tables.

    Args:
        document: the text of BENCHMARKS.md.
        embedder: whose vectors were compared.

    Raises:
        ValueError: there is no table for it.
    """
    _, found, rest = document.partition(heading(embedder, "random"))
    if not found:
        raise ValueError(f"BENCHMARKS.md has no table for the vectors {embedder}: make bench ARGS='--only bound'")
    rows = _ROW.findall(rest.partition("Vectors:")[0].partition("<!--")[0])
    as_few = {limit: float(served) for limit, way, served, *_ in rows if way == EQUAL}
    return [
        Shares(float(limit), float(wrong), float(low), float(high), float(served), as_few[limit])
        for limit, way, served, wrong, low, high in rows
        if way == BOUND
    ]


def drawn(shares: Sequence[Shares]) -> str:
    """Draw them: on the left what may be wrong and what was, on the right what was served."""
    height = _TOP + _ROW_HEIGHT * len(shares) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_RIGHT + _WIDTH + 100} {height}" role="img">',
        "<title>For each limit: how many reused answers were wrong, and how many questions were served</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="head" x="{_LEFT}" y="24">Wrong among reused answers</text>',
        f'<text class="small" x="{_LEFT}" y="42">red: the limit that was set; green: what happened</text>',
        f'<text class="head" x="{_RIGHT}" y="24">Questions answered without a model</text>',
        f'<text class="small" x="{_RIGHT}" y="42">green: by the bound; grey: by a threshold with as few wrong</text>',
    ]
    for number, each in enumerate(shares):
        lines += _row(each, _TOP + _ROW_HEIGHT * number, max(each.limit for each in shares))
    return "\n".join([*lines, "</svg>", ""])


def _row(shares: Shares, top: int, widest: float) -> list[str]:
    """Draw one limit. Its own scale would make every limit look alike, so all have that of the widest."""
    scale = _WIDTH / widest
    middle = top + 16
    at = {name: f"{_LEFT + getattr(shares, name) * scale:.1f}" for name in ("limit", "wrong", "low", "high")}
    return [
        f'<text x="12" y="{middle + 5}">at most {shares.limit:g} % wrong</text>',
        f'<line class="limit" x1="{at["limit"]}" y1="{top}" x2="{at["limit"]}" y2="{top + 32}"/>',
        f'<line class="range" x1="{at["low"]}" y1="{middle}" x2="{at["high"]}" y2="{middle}"/>',
        f'<circle class="bound" cx="{at["wrong"]}" cy="{middle}" r="5"/>',
        f'<text class="small" x="{_LEFT}" y="{top + 44}">{shares.wrong:g} %</text>',
        *_bar("bound", shares.served, top),
        *_bar("threshold", shares.threshold, top + 18),
    ]


def _bar(kind: str, share: float, top: int) -> list[str]:
    length = share * _WIDTH / 100
    return [
        f'<rect class="{kind}" x="{_RIGHT}" y="{top}" width="{length:.1f}" height="15"/>',
        f'<text class="small" x="{_RIGHT + length + 6:.1f}" y="{top + 12}">{share:g} %</text>',
    ]


def draw() -> None:
    """Draw the picture anew."""
    PICTURE.write_text(drawn(read_shares(DOCUMENT.read_text(encoding="utf-8"), "hashed")), encoding="utf-8")
