"""Draws a workflow as an SVG image; the boxes are placed by igraph, layer by layer, with few crossings."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from headchef.runtime.errors import HeadchefError
from headchef.workflow.drawing.diagram import Box, Diagram, diagram_of
from headchef.workflow.model import Workflow

_CHARACTER, _LINE, _PADDING = 7.0, 17.0, 12.0
"""In pixels: the width of a character and the height of a line at 12 pixels of type, and the room around a text."""

_GAP_X, _GAP_Y, _MARGIN, _TITLE = 24.0, 44.0, 20.0, 30.0
_MOST_CHARACTERS = 40

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


class DrawingNeedsIgraph(HeadchefError):
    """An SVG was asked for where igraph is not installed."""

    def __init__(self) -> None:
        super().__init__('an SVG needs the layout of igraph: pip install "headchef[graph]"; Mermaid needs nothing')


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
    placed = _placed(diagram)
    width = max(each.x + each.width / 2 for each in placed.values()) + _MARGIN
    width = max(width, len(diagram.name) * _CHARACTER * 1.3 + 2 * _MARGIN)
    height = max(each.y + each.height for each in placed.values()) + _MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"  <title>{escape(diagram.name)}</title>",
        f"  <style>{_STYLE}  </style>",
        f"  <defs>{_TIP}</defs>",
        f'  <text class="name" x="{_MARGIN:.0f}" y="{_MARGIN + 6:.0f}">{escape(diagram.name)}</text>',
        *(_arrow(placed[one], placed[other]) for one, other in diagram.arrows),
        *(_box(each) for each in placed.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _placed(diagram: Diagram) -> Mapping[str, _Placed]:
    sizes = {box.id: _size(box) for box in diagram.boxes}
    columns, layers = _layout(diagram)
    widest = max(width for width, _ in sizes.values()) + _GAP_X
    heights = [0.0] * (max(layers.values()) + 1)
    for box, layer in layers.items():
        heights[layer] = max(heights[layer], sizes[box][1])
    tops = [_MARGIN + _TITLE]
    for height in heights:
        tops.append(tops[-1] + height + _GAP_Y)
    leftmost = min(columns.values())
    return {
        box.id: _Placed(
            box,
            _MARGIN + (columns[box.id] - leftmost) * widest + (widest - _GAP_X) / 2,
            tops[layers[box.id]] + (heights[layers[box.id]] - sizes[box.id][1]) / 2,
            *sizes[box.id],
        )
        for box in diagram.boxes
    }


def _layout(diagram: Diagram) -> tuple[dict[str, float], dict[str, int]]:
    """Give each box a column, which need not be whole, and a layer."""
    try:
        import igraph
    except ImportError as error:
        raise DrawingNeedsIgraph from error
    layers: dict[str, int] = {}
    for box in diagram.boxes:
        above = [layers[one] for one, other in diagram.arrows if other == box.id]
        layers[box.id] = max(above, default=-1) + 1
    names = [box.id for box in diagram.boxes]
    numbers = {name: number for number, name in enumerate(names)}
    graph = igraph.Graph(
        n=len(names), edges=[(numbers[one], numbers[other]) for one, other in diagram.arrows], directed=True
    )
    layout = graph.layout_sugiyama(layers=[layers[name] for name in names], hgap=1, vgap=1)
    return {name: float(layout[numbers[name]][0]) for name in names}, layers


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


def _arrow(one: _Placed, other: _Placed) -> str:
    """Draw a curve from the bottom of one box to the top of another."""
    top, bottom = one.y + one.height, other.y
    bend = (bottom - top) / 2
    return (
        f'  <path class="arrow" d="M{one.x:.1f} {top:.1f}C{one.x:.1f} {top + bend:.1f}'
        f' {other.x:.1f} {bottom - bend:.1f} {other.x:.1f} {bottom:.1f}"/>'
    )
