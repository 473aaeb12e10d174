"""Draws a workflow as an SVG image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from headchef.workflow.drawing.diagram import Box, Diagram, diagram_of
from headchef.workflow.drawing.layout import Layout, laid_out
from headchef.workflow.model import Workflow

_CHARACTER, _LINE, _PADDING = 7.0, 17.0, 12.0
"""In pixels: the width of a character and the height of a line at 12 pixels of type, and the room around a text."""

_GAP_X, _GAP_Y, _MARGIN, _TITLE = 24.0, 44.0, 20.0, 30.0
_MOST_CHARACTERS = 40

_Point = tuple[float, float]

_STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #1f2933; text-anchor: middle }
    .title { font-weight: 600; font-size: 13px }
    .name { font-weight: 600; font-size: 15px; text-anchor: start }
    .detail { fill: #52606d }
    .box { fill: #f5f7fa; stroke: #7b8794 }
    .door { fill: #e3f8ff; stroke: #2bb0ed }
    .arrow { fill: none; stroke: #7b8794; marker-end: url(#tip) }
    #tip path { fill: #7b8794 }
    @media (prefers-color-scheme: dark) {
      svg { background: #1f2933 }
      text { fill: #f5f7fa } .detail { fill: #cbd2d9 } .box { fill: #323f4b } .door { fill: #0b69a3 }
    }
"""

_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z"/></marker>'
)


@dataclass(frozen=True, slots=True)
class _Placed:
    box: Box
    x: float
    y: float
    width: float
    height: float


def svg(workflow: Workflow) -> str:
    """Draw a workflow.

    Raises:
        DrawingNeedsIgraph: the extra `graph` is not installed.
    """
    diagram = diagram_of(workflow)
    grid = _Grid(diagram, laid_out(diagram))
    placed = grid.placed()
    arrows = grid.arrows(placed)
    width = (
        max(*(each.x + each.width / 2 for each in placed.values()), *(x for way in arrows for x, _ in way)) + _MARGIN
    )
    width = max(width, len(diagram.name) * _CHARACTER * 1.3 + 2 * _MARGIN)
    height = max(each.y + each.height for each in placed.values()) + _MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"  <title>{escape(diagram.name)}</title>",
        f"  <style>{_STYLE}  </style>",
        f"  <defs>{_TIP}</defs>",
        f'  <text class="name" x="{_MARGIN:.0f}" y="{_MARGIN + 6:.0f}">{escape(diagram.name)}</text>',
        *map(_arrow, arrows),
        *(_box(each) for each in placed.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Grid:
    """Turns layers and columns into pixels."""

    def __init__(self, diagram: Diagram, layout: Layout) -> None:
        self._diagram = diagram
        self._layout = layout
        self._sizes = {box.id: _size(box) for box in diagram.boxes}
        self._column = max(width for width, _ in self._sizes.values()) + _GAP_X
        self._heights = [0.0] * (max(layout.layers.values()) + 1)
        for box, layer in layout.layers.items():
            self._heights[layer] = max(self._heights[layer], self._sizes[box][1])
        self._tops = [_MARGIN + _TITLE]
        for height in self._heights:
            self._tops.append(self._tops[-1] + height + _GAP_Y)

    def placed(self) -> Mapping[str, _Placed]:
        """Give the boxes."""
        layout = self._layout
        return {
            box.id: _Placed(box, self._x(layout.columns[box.id]), self._y(box.id), *self._sizes[box.id])
            for box in self._diagram.boxes
        }

    def arrows(self, placed: Mapping[str, _Placed]) -> list[list[_Point]]:
        """Give the points through which each arrow goes: straight through a layer, bent between two."""
        ways = []
        for (one, other), bends in zip(self._diagram.arrows, self._layout.bends, strict=True):
            first, last = placed[one], placed[other]
            way = [(first.x, first.y + first.height)]
            for layer, column in enumerate(bends, self._layout.layers[one] + 1):
                way += [
                    (self._x(column), self._tops[layer]),
                    (self._x(column), self._tops[layer] + self._heights[layer]),
                ]
            ways.append([*way, (last.x, last.y)])
        return ways

    def _x(self, column: float) -> float:
        return _MARGIN + column * self._column + (self._column - _GAP_X) / 2

    def _y(self, box: str) -> float:
        layer = self._layout.layers[box]
        return self._tops[layer] + (self._heights[layer] - self._sizes[box][1]) / 2


def _size(box: Box) -> tuple[float, float]:
    lines = [_cut(each) for each in (box.title, *box.details)]
    return max(map(len, lines)) * _CHARACTER + 2 * _PADDING, len(lines) * _LINE + _PADDING


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"


def _box(placed: _Placed) -> str:
    kind = "door" if placed.box.id.startswith(":") else "box"
    at = f'x="{placed.x - placed.width / 2:.1f}" y="{placed.y:.1f}"'
    lines = [f'  <rect class="{kind}" {at} width="{placed.width:.1f}" height="{placed.height:.1f}" rx="6"/>']
    for number, text in enumerate((placed.box.title, *placed.box.details)):
        style = "detail" if number else "title"
        y = placed.y + _PADDING / 2 + _LINE * (number + 0.75)
        lines.append(f'  <text class="{style}" x="{placed.x:.1f}" y="{y:.1f}">{escape(_cut(text))}</text>')
    return "\n".join(lines)


def _arrow(way: Sequence[_Point]) -> str:
    """Draw a curve through some points, upright in each."""
    (x, y), *others = way
    drawn = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in others:
        bend = (to_y - y) / 2
        drawn += f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return f'  <path class="arrow" d="{drawn}"/>'
