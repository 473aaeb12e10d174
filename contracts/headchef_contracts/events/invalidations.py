"""The event by which an operator says that earlier answers hold no longer, and the scopes that it can name."""

from typing import ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.common import Event, Name, Part, Sha256, escaped

MAX_BECAUSE = 500


class InvalidatedScope(Part):
    """Which answers are meant: those with a tag, of a template or from a source, or all of a tenant."""

    tenant: Name | None = Field(
        default=None,
        description="alone: all of its answers; beside another: whose; null there for everybody's",
    )
    tag: Name | None = Field(default=None, description="one of the job's `cache_tags`")
    template: Sha256 | None = Field(default=None, description="the hash of the texts that were filled in")
    source: Sha256 | None = Field(
        default=None, description="the hash of a document, text or image that the question was made from"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [each for each in (self.tag, self.template, self.source) if each is not None]
        if len(named) > 1 or (not named and self.tenant is None):
            raise ValueError("must name one of tag, template and source, or a tenant alone")
        return self

    @property
    def name(self) -> str:
        """Name the scope: no two have the same name, and each has one."""
        whose = "" if self.tenant is None else f"tenant={escaped(self.tenant)}"
        for kind, value in (("tag", self.tag), ("template", self.template), ("source", self.source)):
            if value is not None:
                return f"{whose}{'/' if whose else ''}{kind}={value}"
        return whose


class CacheInvalidated(Event):
    """Answers of a scope that were asked for before this was published are neither served nor kept."""

    event_type: ClassVar[str] = "headchef.cache.invalidated"
    version: ClassVar[int] = 1

    entry: str = Field(
        description="what this takes the place of: `invalidate` or `erase`, a space, and the scope's name; the newest"
        " counts, by the time at which the log has taken it"
    )
    scope: InvalidatedScope
    erase: bool = Field(
        default=False, description="of a tenant alone: all that the cache has of it is deleted, vectors and texts too"
    )
    because: str | None = Field(default=None, max_length=MAX_BECAUSE, description="why, in words")
    by: str = Field(description="who says so: a person or program, and the machine")
    at: AwareDatetime = Field(description="when it was said, by the clock of that machine")

    @model_validator(mode="after")
    def _fits_its_scope(self) -> Self:
        if self.erase and self.scope != InvalidatedScope(tenant=self.scope.tenant):
            raise ValueError("`erase` is of a tenant alone: leave tag, template and source out")
        if self.entry != (right := entry_of(self.scope, erase=self.erase)):
            raise ValueError(f"`entry` must be {right!r}, after `erase` and scope")
        return self


def entry_of(scope: InvalidatedScope, *, erase: bool) -> str:
    """Name the entry that something is said of."""
    return f"{'erase' if erase else 'invalidate'} {scope.name}"
