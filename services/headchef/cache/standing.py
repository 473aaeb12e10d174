"""Lets a choice stand only if the answer that it reuses is known to hold still. Pure."""

from dataclasses import dataclass

from headchef.cache.invalidated import Invalidated, Origin
from headchef.cache.policy import Choice, Pass
from headchef.cache.store import StoredAnswer


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of invalidations at the moment in which a batch is decided.

    Attributes:
        known: whether it is known what was invalidated until just now.
        invalidated: what was.
    """

    known: bool
    invalidated: Invalidated

    def holds(self, answer: StoredAnswer) -> bool:
        """Say whether an answer may be given to somebody else, as far as this decides it."""
        return self.known and not self.invalidated.concerns(Origin(answer.tenant, answer.marks, answer.planned_at))

    def of(self, choice: Choice) -> Choice:
        """Give a choice, or in place of a hit that does not hold the way to the model."""
        if isinstance(choice, Pass) or self.holds(choice.stored):
            return choice
        return Pass("miss" if self.known else "bypass", choice.guess)

    def only(self, answer: StoredAnswer | None) -> StoredAnswer | None:
        """Give an answer if there is one and it holds, else None."""
        return None if answer is None or not self.holds(answer) else answer
