"""The language of prompt templates: Jinja2 in its sandbox, less what can grow or run without bound."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.tests import TESTS
from jinja2.utils import Namespace, missing
from jinja2.visitor import NodeTransformer

from headchef.template.budget import ITERATION_COST, Budget
from headchef.template.filters import PromptFilters, TemplateMisuse

# fmt: off
_JINJA_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "items", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title",
    "trim", "truncate", "unique", "upper", "wordcount",
)
# fmt: on
# fmt: off
_JINJA_TESTS = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false",
    "float", "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping",
    "ne", "none", "number", "odd", "sameas", "sequence", "string", "true", "undefined", "upper",
)
# fmt: on
_DICT_METHODS = frozenset({"get", "items", "keys", "values"})
_TEXT_METHODS = frozenset({"endswith", "lower", "split", "startswith", "strip", "title", "upper"})
_LOOP_FIELDS = frozenset(
    {"first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex", "revindex0"}
)
_KINDS: Mapping[type, str] = {str: "text", list: "an array", int: "a number", float: "a number", type(None): "null"}
_MAX_BITS = 256
_TAG = re.compile(r"\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z)", re.DOTALL)
_MAX_TAG_CHARACTERS = 30_000
"""Of all slots and statements of a template: as many of the shortest slots are compiled in a third of a second."""
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


VALUE = "value_of_the_slot"
"""Of a template that is one `{{ … }}`: no name of anybody else's."""


def is_template(source: str) -> bool:
    """Say whether a text has anything in it that is filled in; to compile one to find out costs a millisecond."""
    return any(mark in source for mark in ("{{", "{%", "{#"))


def templates_in(value: Any) -> int:
    """Count the templates in a value of any kind, however deep."""
    match value:
        case str():
            return int(is_template(value))
        case list() | tuple():
            return sum(map(templates_in, value))
        case dict():
            return sum(map(templates_in, value.values()))
        case _:
            return 0


class NotGiven(StrictUndefined):
    """A value that the template names and the job does not give; to use it is an error that says what there is."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)[:100]
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"`{name}` is not given; the values of a job's input are named `input.…`"
        if isinstance(self._undefined_obj, dict):
            known = ", ".join(str(key)[:40] for key in list(self._undefined_obj)[:10])
            return f"`{name}` is not given; there is {known or 'nothing here'}"
        return f"`{name}` is asked of {_KINDS.get(type(self._undefined_obj), 'a value')}, which has no such field"


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Compiles and renders templates, one at a time.

    Args:
        budget: what one rendering may spend.
    """

    intercepted_binops = frozenset({"+", "*", "%"})

    def __init__(self, budget: Budget) -> None:
        super().__init__(undefined=NotGiven, keep_trailing_newline=True, optimized=False, cache_size=0)
        self._budget = budget
        own = PromptFilters(budget)
        self.filters: dict[str, Any] = {name: budget.metered(FILTERS[name]) for name in _JINJA_FILTERS}
        self.filters |= {
            "int": own.integer,
            "join": own.join,
            "replace": own.replace,
            "round": own.rounded,
            "string": own.text,
            "sum": own.total,
            "tojson": own.tojson,
            "_charge": budget.charge,
            "_concat": own.concat,
            "_literal": _literal,
            "_turns": self._turns,
        }
        tests: Mapping[str, Any] = TESTS
        self.tests = {name: budget.metered(tests[name]) for name in _JINJA_TESTS}
        self.globals = {"range": safe_range, "namespace": Namespace}
        self.finalize = own.text

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        """Read a template.

        Raises:
            TemplateSyntaxError: it is none; or what is to be filled in and done has over 30,000 characters.
        """
        said = sum(len(each.group()) for each in _TAG.finditer(source))
        if said > _MAX_TAG_CHARACTERS:
            message = f"has {said:,} characters of slots and statements; at most {_MAX_TAG_CHARACTERS:,} are compiled"
            raise TemplateSyntaxError(message, 1)
        return super().parse(source, name, filename)

    def compiled(self, source: str) -> tuple[Template, int]:
        """Compile a template, and count the characters that every text begins with that is made from it.

        Raises:
            TemplateSyntaxError: it is not a template, or uses what is not supported; carries the line.
        """
        tree = _Rewriting().visit(self.parse(source))
        template = self.template_class.from_code(self, self.compile(tree), self.make_globals(None))
        return template, _characters_before_the_first_slot(tree)

    def compiled_value(self, source: str) -> Template | None:
        """Compile what stands for a value, which it leaves in the variable `VALUE`; None where it stands for a text.

        Raises:
            TemplateSyntaxError: as `compiled`.
        """
        tree = _Rewriting().visit(self.parse(source))
        slot = only_slot(tree)
        if slot is None:
            return None
        kept = nodes.Assign(nodes.Name(VALUE, "store", lineno=slot.lineno), slot, lineno=slot.lineno)
        code = self.compile(nodes.Template([kept], lineno=1))
        return self.template_class.from_code(self, code, self.make_globals(None))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give a field of an object: the job's data before any method."""
        if isinstance(obj, dict):
            if attribute in obj:
                return obj[attribute]
            return getattr(obj, attribute) if attribute in _DICT_METHODS else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, str):
            return getattr(obj, attribute) if attribute in _TEXT_METHODS else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Undefined | Namespace) or attribute in _LOOP_FIELDS:
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give an item of an object or array, never a method."""
        if isinstance(obj, Undefined):
            return obj[argument]
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063 as in Jinja
        """Call a method of a value, and pay for what it gives."""
        for argument in args:
            __self._budget.charge(argument)
        __self._budget.charge(getattr(__obj, "__self__", None))
        return __self._budget.charge(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, multiply or divide: numbers of a sane size; texts and arrays can only be added."""
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return left + right
        if isinstance(left, int | float) and isinstance(right, int | float):
            if any(isinstance(number, int) and number.bit_length() > _MAX_BITS for number in (left, right)):
                raise TemplateMisuse(f"a number has more than {_MAX_BITS} bits")
        elif operator != "+":
            raise TemplateMisuse(f"{operator} takes numbers only")
        elif isinstance(left, str | list):
            self._budget.charge(left)
            self._budget.charge(right)
        return super().call_binop(context, operator, left, right)

    def _turns(self, values: Any) -> Any:
        """Pay for all turns of a loop before the first."""
        sized = values if isinstance(values, str | list | tuple | dict | range) else list(values)
        self._budget.spend(ITERATION_COST * (1 + len(sized)))
        return sized


def _literal(values: Any) -> Any:
    """Let an array written in a template hold plain values only: nested ones double with each line."""
    if any(isinstance(value, list | tuple | dict) for value in values):
        raise TemplateMisuse("an array written in a template holds plain values only")
    return list(values)


def only_slot(tree: nodes.Template) -> nodes.Expr | None:
    """Give the one `{{ … }}` that a template is; None where it is more or less."""
    match tree.body:
        case [nodes.Output(nodes=[slot])] if not isinstance(slot, nodes.TemplateData):
            return slot
        case _:
            return None


def _characters_before_the_first_slot(tree: nodes.Template) -> int:
    """Count the text before the first `{{ … }}`, condition or loop; `{% set … %}` writes nothing."""
    count = 0
    for node in tree.body:
        if isinstance(node, nodes.Assign):
            continue
        for piece in node.nodes if isinstance(node, nodes.Output) else [node]:
            if not isinstance(piece, nodes.TemplateData):
                return count
            count += len(piece.data)
    return count


class _Rewriting(NodeTransformer):
    """Refuses what is not supported, and puts the budget where Jinja gives no hold."""

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        refused = _REFUSED_NODES.get(type(node))
        if refused is not None:
            _refuse(refused, node)
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 as Jinja names it
        if node.recursive:
            _refuse("a recursive loop", node)
        self.generic_visit(node)
        node.iter = _through("_turns", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("_concat", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _through("_charge", node.expr)
        for operand in node.ops:
            operand.expr = _through("_charge", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("_charge", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("_literal", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("_literal", node) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        _refuse("an object written in a template", node)


def _through(name: str, node: Any) -> nodes.Expr:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _refuse(what: str, node: nodes.Node) -> NoReturn:
    raise TemplateSyntaxError(f"{what} is not supported in a prompt", node.lineno)
