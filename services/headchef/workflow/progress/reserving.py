"""Sees that what a step wants to reserve can be reserved, before anybody is asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import category

from pydantic import TypeAdapter, ValidationError

from headchef_contracts.events.common import Name
from headchef_contracts.events.reservations import MAX_VALUE_CHARACTERS

from headchef.schema import kind_of
from headchef.template import TemplateRefused
from headchef.unique import compared
from headchef.workflow.progress.unit import Unit
from headchef.workflow.progress.work import Reserve

_site = TypeAdapter(Name)


def reservation(unit: Unit, name: str, site: Any, value: Any, checks: Sequence[Mapping[str, Any]]) -> Reserve:
    """Give what is to be reserved for a step or item.

    Args:
        unit: for which.
        name: what kind of value it is.
        site: as it was filled in.
        value: likewise.
        checks: what it must pass.

    Raises:
        TemplateRefused: site or value is no text, empty, too long or has control characters.
    """
    for field, given in (("site", site), ("value", value)):
        if not isinstance(given, str):
            raise TemplateRefused(f"`{field}` must be a text, and is {kind_of(given)}")
    try:
        _site.validate_python(site)
    except ValidationError as bad:
        raise TemplateRefused("`site` must have 1 to 200 characters, and no control characters") from bad
    if len(value) > MAX_VALUE_CHARACTERS:
        raise TemplateRefused(f"`value` has {len(value):,} characters; at most {MAX_VALUE_CHARACTERS} are reserved")
    if any(category(each) == "Cc" and not each.isspace() for each in value):
        raise TemplateRefused("`value` has a control character, which no title or slug has")
    if not compared(value):
        raise TemplateRefused("`value` is empty, and nothing can be reserved of that")
    return Reserve(unit, site, name, value, checks)
