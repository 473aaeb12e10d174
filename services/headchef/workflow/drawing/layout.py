"""Places the boxes of a diagram in layers, and says in which columns its arrows pass the layers between."""

from dataclasses import dataclass
from itertools import pairwise

from headchef.runtime.errors import HeadchefError
from headchef.workflow.drawing.diagram import Diagram


class DrawingNeedsIgraph(HeadchefError):
    """An SVG was asked for where igraph is not installed."""

    def __init__(self) -> None:
        super().__init__('an SVG needs the layout of igraph: pip install "headchef[graph]"; Mermaid needs nothing')


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in layers from the top down and columns from the left, both from 0.

    Attributes:
        layers: of each box, whole.
        columns: of each box, which need not be whole.
        bends: of each arrow, in the order of the diagram: the columns in which it passes the layers between its boxes.
    """

    layers: dict[str, int]
    columns: dict[str, float]
    bends: tuple[tuple[float, ...], ...]


def laid_out(diagram: Diagram) -> Layout:
    """Place the boxes of a diagram below all that they need, with few crossings.

    Raises:
        DrawingNeedsIgraph: the extra `graph` is not installed.
    """
    try:
        import igraph
    except ImportError as error:
        raise DrawingNeedsIgraph from error
    layers: dict[str, int] = {}
    for box in diagram.boxes:
        above = [layers[one] for one, other in diagram.arrows if other == box.id]
        layers[box.id] = max(above, default=-1) + 1
    numbers = {box: number for number, box in enumerate(layers)}
    of_vertex, passed = list(layers.values()), []
    edges: list[tuple[int, int]] = []
    for one, other in diagram.arrows:
        # A place of its own in each layer that it passes, so that it does not run behind a box.
        between = range(layers[one] + 1, layers[other])
        places = range(len(of_vertex), len(of_vertex) + len(between))
        of_vertex += between
        way = [numbers[one], *places, numbers[other]]
        edges += pairwise(way)
        passed.append(places)
    graph = igraph.Graph(n=len(of_vertex), edges=edges, directed=True)
    found = graph.layout_sugiyama(layers=of_vertex, hgap=1, vgap=1)
    columns = [float(found[vertex][0]) for vertex in range(len(of_vertex))]
    leftmost = min(columns)
    columns = [column - leftmost for column in columns]
    return Layout(
        layers,
        {box: columns[number] for box, number in numbers.items()},
        tuple(tuple(columns[place] for place in places) for places in passed),
    )
