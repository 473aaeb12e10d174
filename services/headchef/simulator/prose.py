"""Writes texts about facts, marked as simulated, within given lengths."""

from collections.abc import Callable
from random import Random

from headchef.simulator.facts import Facts, Scalar, normalise

MARK = "[simulated]"

_ROOM = 40
"""Texts that may not grow to this many characters are too short to carry the mark."""

_TITLES = frozenset({"title", "headline", "heading", "name", "h1", "h2", "meta title", "slogan", "tagline", "label"})
_WORDS = frozenset({"keyword", "keywords", "tag", "tags", "category", "categories", "topic", "topics"})
_SENTENCES: tuple[Callable[[str, Scalar, str], str], ...] = (
    lambda label, value, subject: f"The {label} of {subject} is {value}.",
    lambda label, value, subject: f"{subject} lists its {label} as {value}.",
    lambda label, value, subject: f"Whoever asks about the {label} finds {value}.",
    lambda label, value, subject: f"Among the facts is the {label}: {value}.",
    lambda label, value, subject: f"{subject} comes with {value} as its {label}.",
)
"""Written as code because `str.format` took a tenth of the simulator's time."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Writer:
    """Writes one answer. The same random source and facts give the same texts.

    Args:
        random: chance, seeded by the request.
        facts: what to write about.

    Attributes:
        scrambled: write random letters, because neighbours must differ and texts about few facts do not.
    """

    def __init__(self, random: Random, facts: Facts) -> None:
        self.random = random
        self.facts = facts
        self.scrambled = False

    def fact(self, name: str) -> Scalar | None:
        """Give the fact that has a property's name, or None; none while texts must differ."""
        return self.facts.by_name.get(normalise(name)) if name and not self.scrambled else None

    def text(self, name: str, min_length: int = 0, max_length: int | None = None) -> str:
        """Write a text for a property.

        Args:
            name: of the property; titles and tags are short.
            min_length: least number of characters.
            max_length: most number of characters; None sets no bound.
        """
        if self.scrambled:
            return self.letters(min_length, max_length)
        kind = normalise(name)
        if kind in _WORDS:
            text = self._tag()
        else:
            mark = "" if max_length is not None and max_length < _ROOM else f"{MARK} "
            text = mark + (self._title() if kind in _TITLES else self._sentences(3))
        while len(text) < min_length:
            text = f"{text} {self._sentences(1)}"
        return text if max_length is None or len(text) <= max_length else _cut(text, min_length, max_length)

    def letters(self, min_length: int, max_length: int | None) -> str:
        """Give random letters, for texts that must differ from their neighbours."""
        most = min_length + 8 if max_length is None else min(max_length, min_length + 8)
        return "".join(self.random.choices(_LETTERS, k=max(most, 0)))

    def _tag(self) -> str:
        pairs = self.facts.pairs
        return str(pairs[int(self.random.random() * len(pairs))][1]) if pairs else self.facts.subject

    def _title(self) -> str:
        pairs = self.facts.pairs
        if not pairs:
            return self.facts.subject
        label, value = pairs[int(self.random.random() * len(pairs))]
        return f"{self.facts.subject}, {label} {value}"

    def _sentences(self, count: int) -> str:
        facts, draw = self.facts, self.random.random
        if not facts.pairs:
            return f"This stands in for a model's answer about {facts.subject}."
        start, shape = int(draw() * len(facts.pairs)), int(draw() * len(_SENTENCES))
        sentences = []
        for number in range(min(count, len(facts.pairs))):
            label, value = facts.pairs[(start + number) % len(facts.pairs)]
            sentences.append(_SENTENCES[(shape + number) % len(_SENTENCES)](label, value, facts.subject))
        return " ".join(sentences)


def _cut(text: str, min_length: int, max_length: int) -> str:
    short = text[:max_length]
    at_word = short[: short.rfind(" ")].rstrip(" ,;:") if " " in short else short
    return at_word if len(at_word) >= max(min_length, 1) else short
