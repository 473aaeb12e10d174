"""Checks a prompt template against a row before it is sent, so that a wrong column name is found at the desk."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from headchef.cli.faults import WrongUsage
from headchef.router.refusal import Refused
from headchef.router.rendering import Renderer
from headchef.router.settings import RouterSettings
from headchef.router.template_budget import Budget
from headchef.router.template_language import PromptEnvironment

_LISTED_COLUMNS = 40
_KNOWN = frozenset({"input", "range", "namespace"})


class BadTemplate(Exception):
    """A row that the template cannot be filled from."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A template and the places where it reads the row.

    Attributes:
        name: file or option that it came from, for messages.
        source: its text, as it is sent.
        reads: (line in the template, column) for each `input.column` in it.
    """

    name: str
    source: str
    reads: tuple[tuple[int, str], ...]

    def check(self, row: Mapping[str, Any]) -> None:
        """Fill the template from a row, as the router will.

        Raises:
            BadTemplate: a column does not exist, or the template fails on this row; says line and columns.
        """
        try:
            renderer().render(self.source, dict(row), "prompt")
        except Refused as refused:
            raise BadTemplate(self._missing(row) or f"{self.name}, {refused.message}") from refused

    def _missing(self, row: Mapping[str, Any]) -> str:
        for line, column in self.reads:
            if column not in row:
                near = difflib.get_close_matches(column, [str(key) for key in row], n=1, cutoff=0.6)
                guess = f'; did you mean "{near[0]}"?' if near else ""
                listed = ", ".join(list(row)[:_LISTED_COLUMNS]) or "none"
                return f'{self.name}, line {line}: there is no column "{column}"{guess} Columns: {listed}'
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
    environment = PromptEnvironment(Budget(_max_work()))
    try:
        tree = environment.parse(source)
        environment.compiled(source)
    except TemplateSyntaxError as error:
        raise WrongUsage(f"{name}, line {error.lineno}: {error.message}", "see jinja.palletsprojects.com") from error
    strangers = sorted(find_undeclared_variables(tree) - _KNOWN)
    if strangers:
        first = strangers[0]
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == first), 1)
        raise WrongUsage(
            f'{name}, line {line}: "{first}" is not known; the row is called input',
            f"write {{{{ input.{first} }}}} instead of {{{{ {first} }}}}",
        )
    return PromptTemplate(name, source, _reads(tree))


def _reads(tree: nodes.Template) -> tuple[tuple[int, str], ...]:
    found = []
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getattr) and _is_row(node.node):
            found.append((node.lineno, node.attr))
        elif isinstance(node, nodes.Getitem) and _is_row(node.node) and isinstance(node.arg, nodes.Const):
            found.append((node.lineno, str(node.arg.value)))
    return tuple(sorted(found))


def _is_row(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "input"
