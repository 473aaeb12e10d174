"""Checks a prompt template against a row before it is sent, so that a wrong column name is found at the desk."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headchef.cli.faults import WrongUsage
from headchef.router.settings import RouterSettings
from headchef.template import Read, Renderer, TemplateRefused, reads_of

_LISTED_COLUMNS = 40


class BadTemplate(Exception):
    """A row that the template cannot be filled from."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A template and the places where it reads the row.

    Attributes:
        name: file or option that it came from, for messages.
        source: its text, as it is sent.
        reads: the columns that it names.
    """

    name: str
    source: str
    reads: tuple[Read, ...]

    def check(self, row: Mapping[str, Any]) -> None:
        """Fill the template from a row, as the router will.

        Raises:
            BadTemplate: a column does not exist, or the template fails on this row; says line and columns.
        """
        try:
            renderer().render(self.source, {"input": dict(row)})
        except TemplateRefused as refused:
            raise BadTemplate(self._missing(row) or f"{self.name}, {refused}") from refused

    def _missing(self, row: Mapping[str, Any]) -> str:
        for read in self.reads:
            column = str(read.path[0])
            if column not in row:
                near = difflib.get_close_matches(column, [str(key) for key in row], n=1, cutoff=0.6)
                guess = f'; did you mean "{near[0]}"?' if near else ""
                listed = ", ".join(list(row)[:_LISTED_COLUMNS]) or "none"
                return f'{self.name}, line {read.line}: there is no column "{column}"{guess} Columns: {listed}'
        return ""


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    """Give the router's own renderer, with its default bound."""
    return Renderer(max_templates=8, max_work=_max_work())


def _max_work() -> int:
    return int(RouterSettings.model_fields["max_template_work"].default)


def compile_template(source: str, name: str) -> PromptTemplate:
    """Compile a template as the router will.

    Args:
        source: Jinja2; the row is `input`.
        name: file or option that it came from.

    Raises:
        WrongUsage: it does not parse, or it names a variable other than `input`.
    """
    try:
        reads = reads_of(source).reads
    except TemplateRefused as refused:
        raise WrongUsage(f"{name}, {refused}", "see jinja.palletsprojects.com") from refused
    for read in reads:
        if read.root != "input":
            raise WrongUsage(
                f'{name}, line {read.line}: "{read.root}" is not known; the row is called input',
                f"write {{{{ input.{read.root} }}}} instead of {{{{ {read.root} }}}}",
            )
    return PromptTemplate(name, source, tuple(read for read in reads if read.path))
