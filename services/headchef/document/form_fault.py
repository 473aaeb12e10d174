"""Turns what Pydantic finds wrong with a document into faults with their places and what would be right."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from headchef.document.fault import Fault
from headchef.document.places import Document, Place


def faults_of(error: ValidationError, form: type[BaseModel], document: Document) -> Iterator[Fault]:
    """Name all that a form finds wrong.

    Args:
        error: of the form's validation.
        form: that of the whole document; its descriptions are part of the messages.
        document: that was validated.
    """
    for place, message in messages_of(error, form):
        yield document.fault(place, message)


def messages_of(error: ValidationError, form: type[BaseModel]) -> Iterator[tuple[Place, str]]:
    """Say all that a form finds wrong, and what would be right, each with its place in what was validated.

    Args:
        error: of the form's validation.
        form: of the whole; its descriptions are part of the messages.
    """
    for details in error.errors(include_url=False):
        place = tuple(part for part in details["loc"] if part != "[key]")
        yield place, _message(details, place, form)


def _message(details: ErrorDetails, place: Place, form: type[BaseModel]) -> str:
    kind, owner = details["type"], _owner(place, form)
    if kind == "extra_forbidden" and owner is not None:
        known = list(_fields(owner))
        near = get_close_matches(str(place[-1]), known, 1)
        return f"unknown field; did you mean {near[0]}?" if near else f"unknown field; known are {', '.join(known)}"
    field = _fields(owner).get(str(place[-1])) if owner else None
    right = f" (expected: {field.description})" if field and field.description else ""
    return f"{'is missing' if kind == 'missing' else _said(details)}{right}"


def _said(details: ErrorDetails) -> str:
    """Give the words of a check of our own without Pydantic's before them, and of lists what a writer calls so."""
    match details["type"]:
        case "value_error":
            return str(details["ctx"]["error"])
        case "tuple_type":
            return "must be a list"
        case "too_short" if isinstance(details["input"], list | tuple):
            least = details["ctx"]["min_length"]
            return (
                f"must have {least} item{'' if least == 1 else 's'} at least, and has {details['ctx']['actual_length']}"
            )
        case _:
            return details["msg"]


def _owner(place: Place, form: type[BaseModel]) -> type[BaseModel] | None:
    """Find the form that the last part of a place is a field of; None where it is a name or number in a collection."""
    annotation: Any = form
    owner = None
    for part in place:
        owner = _form_in(annotation)
        if owner is not None:
            field = _fields(owner).get(str(part))
            annotation = field.annotation if field else None
        else:
            annotation = _collected(annotation)
    return owner


def _fields(form: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in form.model_fields.items()}


def _form_in(annotation: Any) -> type[BaseModel] | None:
    """Give a form that may stand at a place, itself or as an alternative to null."""
    if get_origin(annotation) in (dict, list, tuple):
        return None
    forms = [each for each in (annotation, *get_args(annotation)) if isinstance(each, type)]
    return next((each for each in forms if issubclass(each, BaseModel)), None)


def _collected(annotation: Any) -> Any:
    """Give what the values of a mapping or an array are, also of one that may be null."""
    for each in (annotation, *get_args(annotation)):
        match get_origin(each):
            case origin if origin is dict:
                return get_args(each)[1]
            case origin if origin in (list, tuple):
                return get_args(each)[0]
    return None
