"""The language of prompt templates: Jinja2 in its sandbox, less what can grow or run without bound."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.tests import TESTS
from jinja2.utils import Namespace, missing

from headchef.template.budget import CALL_COST, Budget
from headchef.template.comparing import Comparisons
from headchef.template.filters import PromptFilters, TemplateMisuse
from headchef.template.rewriting import Rewriting
from headchef.template.sifting import sifting

# fmt: off
_JINJA_FILTERS = (
    "abs", "count", "d", "default", "first", "float", "items", "last", "length", "list", "reverse",
)
_FILTERS_OF_TEXT = ("capitalize", "lower", "title", "truncate", "upper", "wordcount")
_JINJA_TESTS = (
    "boolean", "defined", "false", "float", "integer", "iterable", "mapping", "none", "number", "sameas", "sequence",
    "string", "true", "undefined",
)
_TESTS_OF_TEXT = ("lower", "upper")
# fmt: on
_TESTS_OF_NUMBERS = ("divisibleby", "even", "odd")
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
_REMARK_CHARACTERS = 4
"""What a remark counts, however long: it parts the text around it in two."""

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
        # Written out, all through, another value may have no end.
        name = str(self._undefined_name)[:100] if isinstance(self._undefined_name, str | int | float) else "this"
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

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self, budget: Budget) -> None:
        super().__init__(undefined=NotGiven, keep_trailing_newline=True, optimized=False, cache_size=0)
        self._budget = budget
        self._own = own = PromptFilters(budget)
        comparisons = Comparisons(budget)
        self.filters: dict[str, Any] = {name: budget.metered(FILTERS[name]) for name in _JINJA_FILTERS}
        self.filters |= {name: own.of_text(FILTERS[name]) for name in _FILTERS_OF_TEXT}
        self.filters |= {name: budget.metered(each) for name, each in comparisons.filters.items()}
        self.filters |= sifting(budget, comparisons)
        self.filters |= {
            "int": own.integer,
            "join": own.join,
            "replace": own.replace,
            "round": own.rounded,
            "string": own.text,
            "sum": own.total,
            "tojson": own.tojson,
            "trim": own.trim,
            "_charge": budget.charge,
            "_compare": comparisons.compare,
            "_concat": own.concat,
            "_literal": _literal,
            "_turns": self._turns,
        }
        tests: Mapping[str, Any] = TESTS
        self.tests = {name: budget.metered(tests[name]) for name in _JINJA_TESTS}
        self.tests |= {name: own.of_text(tests[name]) for name in _TESTS_OF_TEXT}
        self.tests |= {name: budget.metered(_of_numbers(tests[name])) for name in _TESTS_OF_NUMBERS}
        self.tests |= comparisons.tests
        self.globals = {"range": safe_range, "namespace": _Names}
        self.finalize = own.text

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        """Read a template.

        Raises:
            TemplateSyntaxError: it is none; or what is to be filled in and done has over 30,000 characters.
        """
        said = sum(len(each.group()) for each in _TAG.finditer(source)) + _REMARK_CHARACTERS * source.count("{#")
        if said > _MAX_TAG_CHARACTERS:
            message = f"has {said:,} characters of slots and statements; at most {_MAX_TAG_CHARACTERS:,} are compiled"
            raise TemplateSyntaxError(message, 1)
        return super().parse(source, name, filename)

    def compiled(self, source: str) -> tuple[Template, int]:
        """Compile a template, and count the characters that every text begins with that is made from it.

        Raises:
            TemplateSyntaxError: it is not a template, or uses what is not supported; carries the line.
        """
        tree = Rewriting().visit(self.parse(source))
        template = self.template_class.from_code(self, self.compile(tree), self.make_globals(None))
        return template, _characters_before_the_first_slot(tree)

    def compiled_value(self, source: str) -> Template | None:
        """Compile what stands for a value, which it leaves in the variable `VALUE`; None where it stands for a text.

        Raises:
            TemplateSyntaxError: as `compiled`.
        """
        tree = Rewriting().visit(self.parse(source))
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
        is_field = isinstance(obj, LoopContext) and attribute in _LOOP_FIELDS
        if is_field or isinstance(obj, Undefined | Namespace):
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
        __self._budget.spend(CALL_COST * (1 + len(kwargs)))
        for argument in (*args, *kwargs.values()):
            __self._budget.charge(argument)
        owner = __self._budget.charge(getattr(__obj, "__self__", None))
        if isinstance(owner, str) and __obj.__name__ == "strip":
            __self._own.pay_for_strip(owner, *args[:1])
        return __self._budget.charge(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, multiply or divide: numbers of a sane size; texts and arrays can only be added."""
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return left + right
        if isinstance(left, int | float) and isinstance(right, int | float):
            _check_sizes(left, right)
        elif operator != "+":
            raise TemplateMisuse(f"{operator} takes numbers only")
        elif not isinstance(left, str | list):
            raise TemplateMisuse("+ takes numbers, texts or arrays")
        else:
            self._budget.charge(left)
            self._budget.charge(right)
        return super().call_binop(context, operator, left, right)

    def _turns(self, values: Any, cost: int) -> Any:
        """Pay for all turns of a loop before the first."""
        sized = values if isinstance(values, str | list | tuple | dict | range) else list(values)
        self._budget.spend(cost * (1 + len(sized)))
        return sized


class _Names(Namespace):
    """What a template has set; where it would be written out for an error, it is not: others may be in it."""

    def __repr__(self) -> str:
        return "a namespace"


def _check_sizes(*numbers: float) -> None:
    if any(isinstance(number, int) and number.bit_length() > _MAX_BITS for number in numbers):
        raise TemplateMisuse(f"a number has more than {_MAX_BITS} bits")


def _of_numbers(test: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a test, which would take a text for a format and fill it."""

    @wraps(test)
    def checked(*numbers: Any) -> Any:
        if not all(isinstance(number, int | float | Undefined) for number in numbers):
            raise TemplateMisuse(f"{test.__name__.removeprefix('test_')} takes numbers only")
        _check_sizes(*numbers)
        return test(*numbers)

    return checked


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
