"""The form of a step that reserves a value, as Pydantic checks it."""

from pydantic import Field

from headchef.workflow.entry import Entry, Identifier, Template


class ReserveEntry(Entry):
    """A value that no other job of the tenant may have on a site, such as a title or a slug."""

    site: Template = Field(description="where the value must be the only one, such as '{{ input.site }}'")
    name: Identifier = Field(description="what kind of value it is, such as title; each kind is for itself")
    value: Template = Field(description="what is reserved, and the step's output, such as '{{ steps.meta.title }}'")
