"""The form of a step that looks into a collection, as Pydantic checks it."""

from typing import Any

from pydantic import Field

from headchef_contracts.events.common import Name

from headchef.workflow.entry import Entry, Identifier, Template


class RetrieveEntry(Entry):
    """Texts of a collection that are near to a query."""

    collection: Name = Field(description="a collection of the vector store, such as guides")
    query: Template = Field(description="what is looked for, such as '{{ input.place }}'")
    top_k: int = Field(default=5, ge=1, le=100, description="how many texts are given, such as 5")
    filters: dict[Identifier, Any] = Field(
        default_factory=dict,
        alias="filter",
        description="fields that must be equal, such as {locale: '{{ input.locale }}'}",
    )
