"""Describes fields from their forms, table by table: those of a workflow file, and the arguments of checks."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from headchef_contracts.events.semantic import Comparison, SemanticUse

from headchef.workflow import form
from headchef.workflow.cases import form as cases
from headchef.workflow.reserving import ReserveEntry
from headchef.workflow.retrieving import RetrieveEntry

SECTIONS: Sequence[tuple[str, type[BaseModel]]] = (
    ("The file", form.WorkflowFile),
    ("`input`", form.InputEntry),
    ("`defaults`", form.DefaultsEntry),
    ("`retry`, in `defaults` or a step", form.RetryEntry),
    ("`budget`", form.WholeBudgetEntry),
    ("A step", form.StepEntry),
    ("`llm`", form.LlmEntry),
    ("`http`", form.HttpEntry),
    ("`python`", form.PythonEntry),
    ("`retrieve`", RetrieveEntry),
    ("`audit`", form.AuditEntry),
    ("`human`", form.HumanEntry),
    ("`reserve`", ReserveEntry),
    ("`for_each`", form.ForEachEntry),
    ("`semantic`", SemanticUse),
    ("`compare`, in `semantic`", Comparison),
    ("`output`", form.OutputEntry),
    ("`checks` and `rules`", form.CheckEntry),
    ("`budget` of a step", form.BudgetEntry),
    ("`result`", form.ResultEntry),
)

SECTIONS_OF_CASES: Sequence[tuple[str, type[BaseModel]]] = (
    ("A case", cases.CaseEntry),
    ("`expect`", cases.ExpectEntry),
    ("`findings`", cases.FindingEntry),
    ("`most`", cases.MostEntry),
)


def rows_of(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """Give a field's name, its default and its meaning."""
    for name, field in model.model_fields.items():
        yield f"`{field.alias or name}`", _default(field), field.description or ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value in ((), {}, "") or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
