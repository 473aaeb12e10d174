"""The documents that steps of simulated workflows read: each address has its own, or fails for good."""

import asyncio
from hashlib import sha256
from random import Random

from headchef.sources.errors import FetchFailed
from headchef.sources.wanted import Fetched, Source, Wanted

HOST = "facts.test"
_MEAN_S = 0.1
_FAILS_EVERY = 3


class SimulatedSources:
    """Stands in for HTTP.

    Args:
        chance: says how long a fetch takes, twice the mean at most.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Give a document. Raises FetchFailed where there is none."""
        await asyncio.sleep(self._chance.uniform(0, 2 * _MEAN_S))
        digest = sha256(wanted.address.encode()).hexdigest()
        if int(digest, 16) % _FAILS_EVERY == 0:
            raise FetchFailed("http_status", f"{wanted.address} answered 404")
        text = f"facts {digest[:8]}"
        return Fetched(text, Source(wanted.address, digest, len(text), "text/plain"))
