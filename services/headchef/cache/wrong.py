"""What is known to be wrong under a fingerprint: which answers a person has said are wrong there. Pure."""

from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from headchef_contracts.events.corrections import AnswerCorrected, sha256_of

from headchef.cache.store import StoredAnswer

WRONG = "wrong"
"""Of the cache's task."""

MOST_TEXTS = 50
"""Known by themselves under one fingerprint. Of so many answers to one question none is to be trusted: then all that
were given before are wrong."""


class WrongAnswers(BaseModel):
    """Wrong answers to one question. By its text an answer is known as wrong whoever gives it again, and whenever.

    Attributes:
        texts: hashes of what models wrote, in the order in which they were found wrong.
        until: what was accepted up to then is wrong, whatever it says; None for nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    texts: tuple[str, ...] = ()
    until: AwareDatetime | None = None

    @classmethod
    def read(cls, written: bytes | None) -> Self:
        """Read it as it is stored; None for nothing."""
        return cls() if written is None else cls.model_validate_json(written)

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def having(self, corrected: AnswerCorrected) -> Self:
        """Add an answer that was found wrong; once is enough."""
        text = corrected.output_sha256
        if text is not None and text in self.texts:
            return self
        if text is not None and len(self.texts) < MOST_TEXTS:
            return self.model_copy(update={"texts": (*self.texts, text)})
        return self.model_copy(update={"until": max(corrected.at, self.until or corrected.at)})

    def has(self, stored: StoredAnswer) -> bool:
        """Say whether an answer is one of them."""
        if self.until is not None and stored.settled_at <= self.until:
            return True
        return bool(self.texts) and sha256_of(stored.answer) in self.texts
