"""Decides which calls are marked for the provider's cache of prompts. Pure: the time is an argument.

Where marks are needed, writing to the cache costs more than reading a prompt without it (1.25 times as much), and each
marked call writes until one of them is answered. So a static part is marked when it comes for the second time, in one
call alone until that is answered, and from then on in every call for as long as the provider keeps it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import inf
from typing import Literal

from headchef_contracts.events.common import Usage

from headchef.executor.provider import Cacheable

Use = Literal["unmarked", "first", "again"]
"""How a call goes out: without a mark; with the only mark of a part not yet cached; with that of a part that is."""

_MAX_PARTS = 1024


@dataclass(slots=True)
class _Part:
    seen_s: float
    cached_until_s: float = -inf
    is_written: bool = False


class PromptCache:
    """What one process knows of what an account's provider has in its cache."""

    def __init__(self) -> None:
        self._parts: OrderedDict[bytes, _Part] = OrderedDict()

    def begin(self, cacheable: Cacheable, now_s: float) -> Use:
        """Decide how a call goes out that begins now.

        Args:
            cacheable: what it may be marked as.
            now_s: the time, in seconds that never run back.
        """
        part = self._parts.pop(cacheable.key, None)
        is_new = part is None or now_s - part.seen_s > cacheable.lifetime_s
        part = part or _Part(now_s)
        part.seen_s = now_s
        self._parts[cacheable.key] = part
        if len(self._parts) > _MAX_PARTS:
            self._parts.popitem(last=False)
        if now_s < part.cached_until_s:
            return "again"
        if is_new or part.is_written:
            return "unmarked"
        part.is_written = True
        return "first"

    def end(self, cacheable: Cacheable, use: Use, began_s: float, usage: Usage | None) -> None:
        """Note what came of a call.

        Args:
            cacheable: as it was given to `begin`.
            use: what `begin` said.
            began_s: when that was.
            usage: what the provider counted; None where it did not say.
        """
        part = self._parts.get(cacheable.key)
        if part is None:
            return
        if use == "first":
            part.is_written = False
        if use != "unmarked" and usage is not None:
            is_cached = usage.cached_input_tokens or usage.cache_write_input_tokens
            # Kept from its last use on; not at all where it was too short, or not kept as long as it should have been.
            part.cached_until_s = max(part.cached_until_s, began_s + cacheable.lifetime_s) if is_cached else -inf
