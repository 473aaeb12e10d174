"""Fills templates with values, within bounds, with errors that name the variable and the line."""

from collections import OrderedDict, deque
from collections.abc import Callable, ItemsView, KeysView, Mapping, ValuesView
from types import TracebackType
from typing import Any, TypeVar

from jinja2 import Template, TemplateError, TemplateSyntaxError, Undefined

from headchef.template.budget import Budget, TemplateTooCostly
from headchef.template.errors import TemplateRefused
from headchef.template.filters import TemplateMisuse
from headchef.template.language import VALUE, PromptEnvironment, is_template
from headchef.template.reads import Reads, reads_of
from headchef.template.rendered import Rendered

_T = TypeVar("_T")

_TEMPLATE_FILE = "<template>"
_MAX_MESSAGE_CHARACTERS = 500

# What Jinja, and the Python that it compiles to, raise for a template or a value that is at fault.
_FAULTS = (
    TemplateError,
    TemplateTooCostly,
    TemplateMisuse,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


class Renderer:
    """Renders one template at a time; compiled ones are kept, the least recently used dropped first.

    Args:
        max_templates: how many compiled templates are kept, of those for texts and of those for values, and of how many
            it is known what they read.
        max_work: characters and items that one rendering may touch; a turn of a loop counts as 40, or as 4 for each
            part of its body.
    """

    def __init__(self, *, max_templates: int, max_work: int) -> None:
        self._max_templates = max_templates
        self._max_work = max_work
        self._budget = Budget(max_work)
        self._environment = PromptEnvironment(self._budget)
        self._kept: OrderedDict[str, tuple[Template, int]] = OrderedDict()
        self._values: OrderedDict[str, Template | None] = OrderedDict()
        self._reads: OrderedDict[str, Reads] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept) + len(self._values) + len(self._reads)

    def render(self, source: str, names: Mapping[str, Any]) -> Rendered:
        """Fill a template.

        Args:
            source: the template.
            names: what the template may name, with the values: JSON, as a rule `input` and an object.

        Raises:
            TemplateRefused: the template is wrong, names a value that is not given, or does too much.
        """
        self._budget.refill()
        template = None
        pieces: list[str] = []
        written = 0
        try:
            template, static_characters = self._compiled(source)
            for piece in template.root_render_func(template.new_context(dict(names))):
                written += len(piece)
                if written > self._max_work:
                    self._budget.spend(written)
                pieces.append(piece)
            text = "".join(pieces)
            # An escape in a template's string can make half a character, which no event can carry.
            text.encode()
        except _FAULTS as fault:
            raise TemplateRefused(_described(fault, template)) from fault
        return Rendered(text, static_characters)

    def value(self, source: str, names: Mapping[str, Any]) -> Any:
        """Give what a template stands for: a value of any kind where it is one `{{ … }}` and nothing else, or text.

        Args:
            source: the template.
            names: as for `render`.

        Returns:
            JSON; parts of it may be parts of what was given.

        Raises:
            TemplateRefused: as `render`; or the value is no JSON.
        """
        template = None
        try:
            template = self._compiled_value(source)
            if template is None:
                return self.render(source, names).text
            self._budget.refill()
            context = template.new_context(dict(names))
            deque(template.root_render_func(context), maxlen=0)
            return self._json(context.vars[VALUE])
        except _FAULTS as fault:
            raise TemplateRefused(_described(fault, template)) from fault

    def filled(self, value: Any, names: Mapping[str, Any]) -> Any:
        """Fill all templates in a value of any kind, however deep; what is no template stays as it is.

        Args:
            value: JSON.
            names: as for `render`.

        Raises:
            TemplateRefused: as `value`.
        """
        match value:
            case str():
                return self.value(value, names) if is_template(value) else value
            case list() | tuple():
                return [self.filled(each, names) for each in value]
            case dict():
                return {name: self.filled(each, names) for name, each in value.items()}
            case _:
                return value

    def reads(self, source: str) -> Reads:
        """Tell what a template reads; see `reads_of`, which takes milliseconds."""
        return _kept(self._reads, source, reads_of, self._max_templates)

    def _json(self, value: Any) -> Any:
        """Pay for a value, all through, and make plain what is JSON by another name.

        Raises:
            TemplateMisuse: it is none.
            UndefinedError: it is not given.
        """
        self._budget.charge(value)
        match value:
            case Undefined():
                # Whatever is done with what is not given raises, with words of its own.
                return str(value)
            case None | bool() | int() | float() | str():
                return value
            case dict():
                return {name: self._json(each) for name, each in value.items()}
            case list() | tuple() | range():
                return [self._json(each) for each in value]
            case KeysView() | ValuesView() | ItemsView():
                return [self._json(each) for each in value]
            case _:
                raise TemplateMisuse("stands for nothing that JSON knows")

    def _compiled(self, source: str) -> tuple[Template, int]:
        return _kept(self._kept, source, self._environment.compiled, self._max_templates)

    def _compiled_value(self, source: str) -> Template | None:
        return _kept(self._values, source, self._environment.compiled_value, self._max_templates)


def _kept(kept: OrderedDict[str, _T], source: str, compiled: Callable[[str], _T], most: int) -> _T:
    """Give a compiled template, and remember it; the least recently used is forgotten."""
    if source in kept:
        kept.move_to_end(source)
    else:
        kept[source] = compiled(source)
        if len(kept) > most:
            kept.popitem(last=False)
    return kept[source]


def _described(fault: BaseException, template: Template | None) -> str:
    message = _message_of(fault)
    line = fault.lineno if isinstance(fault, TemplateSyntaxError) else _line_of(fault.__traceback__, template)
    return f"line {line}: {message}"[:_MAX_MESSAGE_CHARACTERS] if line else message[:_MAX_MESSAGE_CHARACTERS]


def _message_of(fault: BaseException) -> str:
    if isinstance(fault, TemplateSyntaxError):
        return fault.message or "not a template"
    if isinstance(fault, UnicodeEncodeError):
        return f"half of a character, {fault.object[fault.start]!a}, which is no text"
    if isinstance(fault, RecursionError | SyntaxError):
        return "nested too deeply"
    if isinstance(fault, TemplateError | TemplateTooCostly | TemplateMisuse):
        return str(fault).encode(errors="backslashreplace").decode()
    return f"{type(fault).__name__}: {fault}".encode(errors="backslashreplace").decode()


def _line_of(traceback: TracebackType | None, template: Template | None) -> int | None:
    """Find the template's line by the Python line that the template was compiled to."""
    line = None
    while traceback is not None and template is not None:
        if traceback.tb_frame.f_code.co_filename == _TEMPLATE_FILE:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line
