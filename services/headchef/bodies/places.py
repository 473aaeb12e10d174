"""Finds the bodies in an event, and puts others in their places, whatever event it is. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel

from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.events.common import Body, Event, Inline, JobHead, Ref
from headchef_contracts.events.steps import Step, StepJudged

Model = TypeVar("Model", bound=BaseModel)
Change = Callable[[Body], Body]


class Beside(NamedTuple):
    """A value that is no body, with the field that takes a reference to it.

    Attributes:
        value: the field of the value.
        reference: the field beside it.
        empty: what stands in place of the value where there is a reference.
    """

    value: str
    reference: str
    empty: Any


_BESIDE: Mapping[type[BaseModel], Beside] = {
    CallPlanned: Beside("arguments", "arguments_reference", {}),
    StepJudged: Beside("said", "said_reference", None),
}


def bodies_in(event: BaseModel, leave: type[BaseModel] | None = None) -> Iterator[Body]:
    """Give the bodies of an event.

    Args:
        event: or a part of one.
        leave: parts of this kind are passed over.
    """
    found: list[Body] = []

    def look(body: Body) -> Body:
        found.append(body)
        return body

    changed(event, look, leave)
    yield from found


def changed(event: Model, change: Change, leave: type[BaseModel] | None = None) -> Model:
    """Give an event with other bodies in the places of its own; the event itself where all stay as they are.

    Args:
        event: or a part of one.
        change: gives what takes the place of a body.
        leave: parts of this kind stay as they are.
    """
    others: dict[str, Any] = {}
    for name in _fields(type(event)):
        value = getattr(event, name)
        if (other := _changed(value, change, leave)) is not value:
            others[name] = other
    if (beside := _BESIDE.get(type(event))) is not None:
        others |= _changed_beside(event, beside, change)
    return event.model_copy(update=others) if others else event


def tenant_of(event: Event) -> str | None:
    """Say whose event it is; None for one of nobody."""
    job = getattr(event, "job", None)
    if job is None and isinstance(step := getattr(event, "step", None), Step):
        job = step.job
    tenant = job.tenant if isinstance(job, JobHead) else getattr(event, "tenant", None)
    return tenant if isinstance(tenant, str) else None


def _changed(value: Any, change: Change, leave: type[BaseModel] | None) -> Any:
    if isinstance(value, Inline | Ref):
        return change(value)
    if isinstance(value, tuple):
        others = [_changed(each, change, leave) for each in value]
        return value if all(new is old for new, old in zip(others, value, strict=True)) else tuple(others)
    if isinstance(value, BaseModel) and (leave is None or not isinstance(value, leave)):
        return changed(value, change, leave)
    return value


def _changed_beside(event: BaseModel, beside: Beside, change: Change) -> dict[str, Any]:
    reference, value = getattr(event, beside.reference), getattr(event, beside.value)
    if reference is None and value is None:
        return {}
    before: Body = Inline(inline=value) if reference is None else Ref(ref=reference)
    match change(before):
        case same if same is before:
            return {}
        case Ref(ref=other):
            return {beside.value: beside.empty, beside.reference: other}
        case Inline(inline=other):
            return {beside.value: other, beside.reference: None}


@cache
def _fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Give the fields of a model that are bodies, or have some inside."""
    return tuple(name for name, field in model.model_fields.items() if _has_bodies(field.annotation, frozenset()))


def _has_bodies(annotation: Any, seen: frozenset[Any]) -> bool:
    if annotation in (Inline, Ref):
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return False
        inner = seen | {annotation}
        return any(_has_bodies(field.annotation, inner) for field in annotation.model_fields.values())
    return any(_has_bodies(each, seen) for each in get_args(annotation))
