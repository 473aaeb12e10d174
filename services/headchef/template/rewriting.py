"""Rewrites templates before they are compiled: refuses what is not supported, and puts the budget where it belongs."""

from collections.abc import Mapping
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from headchef.template.budget import ITERATION_COST, PART_COST

_REFUSED_NODES: Mapping[type[nodes.Node], str] = {
    nodes.AssignBlock: "{% set … %} with a body",
    nodes.Block: "{% block %}",
    nodes.CallBlock: "{% call %}",
    nodes.Extends: "{% extends %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.FromImport: "{% from %}",
    nodes.Import: "{% import %}",
    nodes.Include: "{% include %}",
    nodes.Macro: "{% macro %}",
    nodes.Pow: "**",
}


class Rewriting(NodeTransformer):
    """Leaves calls of the filters `_charge`, `_compare`, `_concat`, `_literal` and `_turns` in a template."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """Refuse a node, or rewrite it and what is in it."""
        refused = _REFUSED_NODES.get(type(node))
        if refused is not None:
            _refuse(refused, node)
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 as Jinja names it
        """Have all turns of a loop paid for, each by how much is done in it."""
        if node.recursive:
            _refuse("a recursive loop", node)
        turn = max(ITERATION_COST, PART_COST * _parts_of(node))
        self.generic_visit(node)
        node.iter = _through("_turns", node.iter, nodes.Const(turn, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Have what `~` puts together paid for."""
        self.generic_visit(node)
        return _through("_concat", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        """Have the values that are compared paid for, each two of them together."""
        self.generic_visit(node)
        kinds = nodes.List([nodes.Const(each.op, lineno=node.lineno) for each in node.ops], lineno=node.lineno)
        others = nodes.List([each.expr for each in node.ops], lineno=node.lineno)
        return _through("_compare", node.expr, kinds, others)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """Have a slice paid for."""
        self.generic_visit(node)
        return _through("_charge", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        """Let an array hold plain values only."""
        self.generic_visit(node)
        return _through("_literal", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        """Let a tuple be an array, with plain values only."""
        self.generic_visit(node)
        return _through("_literal", node) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        """Refuse an object."""
        _refuse("an object written in a template", node)


def _parts_of(loop: nodes.For) -> int:
    """Count what one turn does: the names, values and operations, but for those in the bodies of loops in it."""
    count = 0
    waiting = [*loop.body, *([] if loop.test is None else [loop.test])]
    while waiting:
        each = waiting.pop()
        count += 1
        # What is in a loop's body is paid for there, with its own turns.
        waiting.extend([each.iter, *each.else_] if isinstance(each, nodes.For) else each.iter_child_nodes())
    return count


def _through(name: str, node: Any, *arguments: nodes.Expr) -> nodes.Expr:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)


def _refuse(what: str, node: nodes.Node) -> NoReturn:
    raise TemplateSyntaxError(f"{what} is not supported in a prompt", node.lineno)
