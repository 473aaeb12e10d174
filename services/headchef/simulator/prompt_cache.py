"""The cache of prompts that a simulated provider keeps for an account and model: what is read from it, and written.

As providers have it (guides of Anthropic, OpenAI and Google to prompt caching, November 2026): a prompt is served as
far as it begins exactly like an earlier one, from 1,024 tokens on. Without marks that is done by itself, in steps of
128 tokens, and writing costs nothing; where marks are needed it is done up to those alone, and what is written is
billed as such. What a call writes can be read once it is answered, and is forgotten some time after its last use.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from headchef.simulator.dialects.reading import BYTES_PER_TOKEN, Reading
from headchef.simulator.settings import Caching

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Found:
    """What the cache does for a call.

    Attributes:
        read_tokens: of its prompt, read from the cache.
        written_tokens: of its prompt, written to it, and billed as such.
        kept: what is in the cache once the call is answered.
    """

    read_tokens: int = 0
    written_tokens: int = 0
    kept: tuple[bytes, ...] = ()


class PromptCache:
    """Remembers beginnings of prompts by their digests.

    Args:
        settings: from what size on, in what steps, for how long.
    """

    def __init__(self, settings: Caching) -> None:
        self._settings = settings
        self._kept_until_s: OrderedDict[bytes, float] = OrderedDict()

    def look(self, owner: str, reading: Reading, now_s: float) -> Found:
        """Look how much of a prompt is there.

        Args:
            owner: names the account and the model; nothing is shared between two.
            reading: what the model reads.
            now_s: the time, in seconds that never run back.
        """
        if not self._settings.on:
            return Found()
        begins = list(self._beginnings(owner.encode(), reading))
        found = [tokens for tokens, digest in begins if self._kept_until_s.get(digest, now_s) > now_s]
        read = max(found, default=0)
        used = Found(kept=tuple(digest for tokens, digest in begins if tokens <= read))
        self.keep(used, now_s)
        written = begins[-1][0] - read if reading.needs_marks and begins else 0
        return Found(read, written, tuple(digest for _, digest in begins))

    def keep(self, found: Found, now_s: float) -> None:
        """Keep what a call has read or written, from now on."""
        for digest in found.kept:
            self._kept_until_s.pop(digest, None)
            self._kept_until_s[digest] = now_s + self._settings.lifetime_s
        while len(self._kept_until_s) > self._settings.max_beginnings:
            self._kept_until_s.popitem(last=False)

    def _beginnings(self, owner: bytes, reading: Reading) -> Iterator[tuple[int, bytes]]:
        """Give each beginning that may be cached: its size in tokens, and its digest."""
        least, step = self._settings.min_tokens, self._settings.step_tokens
        ends = reading.marks
        if not reading.needs_marks:
            ends = tuple(range(least * BYTES_PER_TOKEN, len(reading.text) + 1, step * BYTES_PER_TOKEN))
        digest, before = blake2b(owner, digest_size=_DIGEST_BYTES), 0
        for end in ends:
            digest.update(reading.text[before:end])
            before = end
            if end >= least * BYTES_PER_TOKEN:
                yield end // BYTES_PER_TOKEN, digest.digest()
