"""What is Kafka's alone needs no log in memory."""

import asyncio
from collections.abc import Callable, Mapping


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test once, on real time."""
    return {"kafka": asyncio.new_event_loop}
