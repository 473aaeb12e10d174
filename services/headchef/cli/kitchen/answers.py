"""Says where answers lie while services run here: no longer than the log that knows which of them are wrong."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from headchef.cli.kitchen.environment import environment
from headchef.cli.kitchen.services import Stand

_PLACES = ("HEADCHEF_CACHE_FOLDER", "HEADCHEF_CACHE_QDRANT_URL")


@contextmanager
def answers_of(stand: Stand) -> Iterator[None]:
    """Give the cache a folder that goes with a broker in memory, unless somebody names a place.

    What was invalidated or found wrong is known to the log alone. Answers that outlived it would be served again.

    Args:
        stand: where the services run.
    """
    if not stand.embedded or any(os.environ.get(place) for place in _PLACES):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="headchef-answers-") as folder, environment({_PLACES[0]: folder}):
        yield
