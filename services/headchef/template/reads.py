"""Tells what a template reads, without filling it: each name with the path below it, and the line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from headchef.template.budget import Budget
from headchef.template.errors import TemplateRefused
from headchef.template.language import PromptEnvironment, only_slot

_BUILT_IN = frozenset({"range", "namespace"})

Part = str | int


@dataclass(frozen=True, slots=True)
class Read:
    """One place where a template reads a value from outside.

    Attributes:
        line: in the template, from 1.
        root: the name that it begins with, such as `input`.
        path: the fields and items below it, as far as they are written out.
    """

    line: int
    root: str
    path: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """All that a template reads.

    Attributes:
        reads: in the order in which they stand there.
        is_value: whether it is one `{{ … }}` and nothing else, which stands for a value of any kind, not for text.
        whole: the read that such a value is, if nothing is done with it.
        worked_on: those with which more is done than to write what they give.
    """

    reads: tuple[Read, ...]
    is_value: bool
    whole: Read | None
    worked_on: tuple[Read, ...] = ()


def reads_of(source: str) -> Reads:
    """Look through a template.

    Args:
        source: the template.

    Raises:
        TemplateRefused: it is none; the message begins with the line.
    """
    environment = PromptEnvironment(Budget(0))
    try:
        tree = environment.parse(source)
        environment.compiled(source)
    except TemplateSyntaxError as error:
        raise TemplateRefused(f"line {error.lineno}: {error.message}") from error
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise TemplateRefused("nested too deeply") from error
    free = frozenset(find_undeclared_variables(tree)) - _BUILT_IN
    slot = only_slot(tree)
    whole = None if slot is None else _read(slot, free)
    return Reads(tuple(_found(tree, free)), slot is not None, whole, tuple(_worked_on(tree.body, free)))


def _found(node: nodes.Node, free: frozenset[str]) -> Iterator[Read]:
    read = _read(node, free)
    if read is not None:
        yield read
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        # What is called is a method of the value, no field of it.
        yield from _found(node.node.node, free)
        for argument in (*node.args, *node.kwargs):
            yield from _found(argument, free)
    else:
        for child in node.iter_child_nodes():
            yield from _found(child, free)


def _worked_on(statements: Sequence[nodes.Node], free: frozenset[str]) -> Iterator[Read]:
    """Find what is read by anything but a `{{ … }}` of its own, which stands in conditions and loops at most."""
    for node in statements:
        match node:
            case nodes.Output():
                for piece in node.nodes:
                    if _read(piece, free) is None:
                        yield from _found(piece, free)
            case nodes.If():
                yield from _found(node.test, free)
                yield from _worked_on((*node.body, *node.elif_, *node.else_), free)
            case nodes.For():
                yield from _found(node.iter, free)
                if node.test is not None:
                    yield from _found(node.test, free)
                yield from _worked_on((*node.body, *node.else_), free)
            case _:
                yield from _found(node, free)


def _read(node: nodes.Node, free: frozenset[str]) -> Read | None:
    """Give what a chain of fields and items reads; None where the node is no such chain."""
    path: list[Part] = []
    inner = node
    while True:
        match inner:
            case nodes.Getattr(node=owner, attr=name):
                path.insert(0, name)
                inner = owner
            case nodes.Getitem(node=owner, arg=nodes.Const(value=str() | int() as part)):
                path.insert(0, part)
                inner = owner
            case nodes.Name(name=name) if name in free:
                return Read(node.lineno, name, tuple(path))
            case _:
                return None
