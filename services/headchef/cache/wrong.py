"""What is known to be wrong under a fingerprint: which answers a person has said are wrong there. Pure."""

from dataclasses import dataclass
from datetime import datetime

from headchef_contracts.events.corrections import MOST_TEXTS, AnswerCorrected, AnswerWithdrawn, sha256_of

from headchef.cache.store import StoredAnswer


@dataclass(frozen=True, slots=True)
class WrongAnswers:
    """Wrong answers to one question. By its text an answer is known as wrong whoever gives it again, and whenever.

    Attributes:
        texts: hashes of what models wrote, in the order in which they were found wrong.
        until: what was accepted up to then is wrong, whatever it says; None for nothing.
    """

    texts: tuple[str, ...] = ()
    until: datetime | None = None

    def having(self, corrected: AnswerCorrected) -> "WrongAnswers":
        """Add an answer that was found wrong; once is enough.

        Of too many wrong answers to one question none is to be trusted: then all that were given before are wrong.
        """
        text = corrected.output_sha256
        if text is not None and text in self.texts:
            return self
        if text is not None and len(self.texts) < MOST_TEXTS:
            return WrongAnswers((*self.texts, text), self.until)
        return WrongAnswers(self.texts, _later(self.until, corrected.at))

    def and_also(self, withdrawn: AnswerWithdrawn) -> "WrongAnswers":
        """Add what was withdrawn: what is wrong stays wrong, also where two caches have found more than is remembered.

        Then all is wrong that was accepted until this was told, as those are of which the texts are not remembered.
        """
        texts = tuple(dict.fromkeys((*self.texts, *withdrawn.texts)))
        until = self.until if withdrawn.until is None else _later(self.until, withdrawn.until)
        if len(texts) > MOST_TEXTS:
            until = _later(until, withdrawn.decided.at)
        return WrongAnswers(texts[:MOST_TEXTS], until)

    def has(self, stored: StoredAnswer) -> bool:
        """Say whether an answer is one of them."""
        if self.until is not None and stored.settled_at <= self.until:
            return True
        return bool(self.texts) and sha256_of(stored.answer) in self.texts


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
