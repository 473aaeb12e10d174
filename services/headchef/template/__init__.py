"""Templates of prompts: Jinja2 in a sandbox, bounded, filled with a job's own values."""

from headchef.template.errors import TemplateRefused
from headchef.template.free_texts import Misuse, Pieces, Place, in_pieces, misuse_of, name_of, value_at, writes
from headchef.template.language import templates_in
from headchef.template.reads import Read, Reads, reads_of
from headchef.template.rendered import Rendered
from headchef.template.rendering import Renderer

__all__ = [
    "Misuse",
    "Pieces",
    "Place",
    "Read",
    "Reads",
    "Rendered",
    "Renderer",
    "TemplateRefused",
    "in_pieces",
    "misuse_of",
    "name_of",
    "reads_of",
    "templates_in",
    "value_at",
    "writes",
]
