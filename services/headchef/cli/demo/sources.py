"""The facts of the demo's cities over HTTP, and the workflow that reads them from there."""

import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from aiohttp import web

from headchef.workflow import Workflow, load

HOST = "127.0.0.1"
_WORKFLOW = "landing-page"
_NAMED = f"workflow: {_WORKFLOW}\n"
_ALLOWED = f"{HOST}:8765"


def listening() -> socket.socket:
    """Open a free port of this machine alone; who asks before facts are served waits."""
    return socket.create_server((HOST, 0))


def host_of(opened: socket.socket) -> str:
    """Give host and port as an address and `allow_hosts` have them."""
    return f"{HOST}:{opened.getsockname()[1]}"


def workflow_name(batch: str) -> str:
    """Name the workflow of one demo: a published one never changes, and each demo has another port."""
    return f"{_WORKFLOW}-{batch}"


def landing_workflow(batch: str, host: str, folder: Path) -> Workflow:
    """Write the landing-page workflow with its own name and the host of the facts, and read it.

    Args:
        batch: of the demo.
        host: as `host_of` gives it.
        folder: an empty one is made in it.
    """
    made = folder / _WORKFLOW
    with as_file(files("headchef.cli.demo") / "content" / "landing") as content:
        shutil.copytree(content, made)
    path = made / f"{_WORKFLOW}.yaml"
    text = path.read_text("utf-8").replace(_NAMED, f"workflow: {workflow_name(batch)}\n").replace(_ALLOWED, host)
    path.write_text(text, "utf-8")
    return load(path)


@asynccontextmanager
async def serving_facts(opened: socket.socket, facts: Mapping[str, Any]) -> AsyncIterator[None]:
    """Serve facts while the block runs.

    Args:
        opened: from `listening`.
        facts: JSON by the id in the address, `/facts/ID.json`.
    """

    async def answer(request: web.Request) -> web.Response:
        found = facts.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        return web.json_response(found)

    application = web.Application()
    application.router.add_get("/facts/{id}.json", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, opened).start()
        yield
    finally:
        await runner.cleanup()
