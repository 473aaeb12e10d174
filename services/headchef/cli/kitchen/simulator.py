"""The provider simulator as a child process, so that it does not share the services' event loop."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from headchef.cli.faults import WorkFailed
from headchef.runtime.children import END_WITH_PARENT, end

_START_S = 30.0
_STOP_S = 5.0
_ANNOUNCEMENT = "simulator listens at "


@asynccontextmanager
async def simulator(settings: Mapping[str, str]) -> AsyncIterator[str]:
    """Run the simulator while the block runs.

    Args:
        settings: `HEADCHEF_SIMULATOR_…` variables; the port is a free one unless given.

    Yields:
        Its base URL, as a catalogue has it.

    Raises:
        WorkFailed: it did not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headchef.simulator",
        env={**os.environ, "HEADCHEF_SIMULATOR_PORT": "0", **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C is for us: calls in flight still want their answers.
        start_new_session=True,
        preexec_fn=END_WITH_PARENT,
    )
    try:
        yield await _address(process)
    finally:
        await end(process, _STOP_S)


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise WorkFailed("the simulator has no output")
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), _START_S)).decode()
    except TimeoutError as error:
        raise WorkFailed(f"the simulator did not start within {_START_S:.0f} s") from error
    if not line.startswith(_ANNOUNCEMENT):
        raise WorkFailed("the simulator did not start", "its own message stands above")
    return line.removeprefix(_ANNOUNCEMENT).strip()
