"""Draws workflows: as a Mermaid diagram, and as an SVG image."""

from headchef.workflow.drawing.layout import DrawingNeedsIgraph
from headchef.workflow.drawing.mermaid import mermaid
from headchef.workflow.drawing.svg import svg

__all__ = ["DrawingNeedsIgraph", "mermaid", "svg"]
