"""Fills templates with values, within bounds, with errors that name the variable and the line."""

from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError

from headchef.template.budget import Budget, TemplateTooCostly
from headchef.template.errors import TemplateRefused
from headchef.template.filters import TemplateMisuse
from headchef.template.language import PromptEnvironment
from headchef.template.rendered import Rendered

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
        max_templates: how many compiled templates are kept.
        max_work: characters and items that one rendering may touch; a turn of a loop counts as 40.
    """

    def __init__(self, *, max_templates: int, max_work: int) -> None:
        self._max_templates = max_templates
        self._max_work = max_work
        self._budget = Budget(max_work)
        self._environment = PromptEnvironment(self._budget)
        self._kept: OrderedDict[str, tuple[Template, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

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

    def _compiled(self, source: str) -> tuple[Template, int]:
        kept = self._kept.get(source)
        if kept is None:
            kept = self._kept[source] = self._environment.compiled(source)
            if len(self._kept) > self._max_templates:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(source)
        return kept


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
