"""Runs the provider simulator until it is told to stop: `python -m headchef.simulator`."""

import asyncio
import signal
import sys

from headchef.runtime.garbage import collect_seldom
from headchef.runtime.settings import BadSettings, load
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Settings


async def serve(settings: Settings) -> None:
    """Listen until SIGINT or SIGTERM; the address stands in the first line of the output."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Simulator(settings) as simulator:
        sys.stdout.write(f"simulator listens at {simulator.base_url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Load the settings and serve; exit code 2 for bad settings, 1 if the port is taken."""
    try:
        settings = load(Settings)
    except BadSettings as error:
        sys.stderr.write(f"wrong setting: {error}\n")
        sys.exit(2)
    collect_seldom()
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        sys.stderr.write(f"cannot listen at {settings.host}:{settings.port}: {error.strerror}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
