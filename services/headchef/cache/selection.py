"""What is to leave the cache: answers and questions chosen by whose they are, what they were made from, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from headchef_contracts.events.semantic import Marks


class Kept(Protocol):
    """What the cache keeps, as far as it can be chosen by it."""

    @property
    def tenant(self) -> str:
        """Whose it is."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of the question."""
        ...

    @property
    def marks(self) -> Marks | None:
        """By what it can be found again."""
        ...

    @property
    def planned_at(self) -> datetime | None:
        """When it was asked; None where not known."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """From when on it is no longer served; None for never."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept and for which all holds that is said here.

    Attributes:
        tenant: whose it is; None for all tenants'.
        fingerprints: one of which it has; None for any.
        tag: one of its job's.
        template: the hash of the texts that were filled in.
        source: the hash of something that it was made from.
        planned_until: when it was asked at the latest. What does not say when it was asked is chosen too: nobody can
            know that it was asked later.
        expired_by: when it has expired at the latest.
        erasure: names the erasure for which nothing of it may stay in files either, where it is one.

    Raises:
        ValueError: nothing is said, which would choose everything.
    """

    tenant: str | None = None
    fingerprints: tuple[str, ...] | None = None
    tag: str | None = None
    template: str | None = None
    source: str | None = None
    planned_until: datetime | None = None
    expired_by: datetime | None = None
    erasure: str | None = None

    def __post_init__(self) -> None:
        chosen = (self.tenant, self.fingerprints, self.tag, self.template, self.source, self.expired_by)
        if all(each is None for each in (*chosen, self.planned_until)):
            raise ValueError("a selection must say what it chooses, such as tenant or tag")

    def has(self, kept: Kept) -> bool:
        """Say whether something is chosen; what stores leave out by their filters is the same."""
        marks = kept.marks or Marks()
        return (
            self.tenant in (None, kept.tenant)
            and (self.fingerprints is None or kept.fingerprint in self.fingerprints)
            and (self.tag is None or self.tag in marks.tags)
            and (self.template is None or self.template == marks.template)
            and (self.source is None or self.source in marks.sources)
            and (self.planned_until is None or kept.planned_at is None or kept.planned_at <= self.planned_until)
            and (self.expired_by is None or (kept.expires_at is not None and kept.expires_at <= self.expired_by))
        )
