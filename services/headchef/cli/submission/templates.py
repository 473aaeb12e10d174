"""Checks a prompt template against a row before it is sent, so that a wrong column name is found at the desk."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headchef.cli.faults import WrongUsage

_LISTED_COLUMNS = 40


class BadTemplate(Exception):
    """A row that the template cannot be filled from."""


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A compiled template and the places where it reads the row.

    Attributes:
        name: file or option that it came from, for messages.
        source: its text, as it is sent.
        compiled: to try it on a row.
        reads: (line in the template, column) for each `input.column` in it.
    """

    name: str
    source: str
    compiled: Template
    reads: tuple[tuple[int, str], ...]

    def check(self, row: Mapping[str, Any]) -> None:
        """Fill the template from a row.

        Raises:
            BadTemplate: a column does not exist, or the template fails on this row; says line and columns.
        """
        try:
            self.compiled.render(input=row)
        except UndefinedError as error:
            raise BadTemplate(self._missing(row) or f"{self.name}: {error}") from error
        except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise BadTemplate(f"{self.name}: {type(error).__name__}: {error}") from error

    def _missing(self, row: Mapping[str, Any]) -> str:
        for line, column in self.reads:
            if column not in row:
                near = difflib.get_close_matches(column, [str(key) for key in row], n=1, cutoff=0.6)
                guess = f'; did you mean "{near[0]}"?' if near else ""
                listed = ", ".join(list(row)[:_LISTED_COLUMNS]) or "none"
                return f'{self.name}, line {line}: there is no column "{column}"{guess} Columns: {listed}'
        return ""


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """Give Jinja2 as the router has it: sandboxed, and strict about names that do not exist."""
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined)


def compile_template(source: str, name: str) -> PromptTemplate:
    """Compile a template as the router will.

    Args:
        source: Jinja2; the row is `input`.
        name: file or option that it came from.

    Raises:
        WrongUsage: it does not parse, or it names a variable other than `input`.
    """
    try:
        tree = environment().parse(source)
        compiled = environment().from_string(source)
    except TemplateSyntaxError as error:
        raise WrongUsage(f"{name}, line {error.lineno}: {error.message}", "see jinja.palletsprojects.com") from error
    strangers = sorted(find_undeclared_variables(tree) - {"input"})
    if strangers:
        first = strangers[0]
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == first), 1)
        raise WrongUsage(
            f'{name}, line {line}: "{first}" is not known; the row is called input',
            f"write {{{{ input.{first} }}}} instead of {{{{ {first} }}}}",
        )
    return PromptTemplate(name, source, compiled, _reads(tree))


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
