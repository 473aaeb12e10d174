"""Liveness and readiness answer over HTTP, with the reasons when something is amiss."""

from dataclasses import dataclass

import aiohttp
import pytest

from headchef.runtime.health import serve_health
from headchef.runtime.settings import BadSettings
from tests.support.ports import free_ports


@dataclass
class Patient:
    dying_of: str | None = None
    waiting_for: str | None = None

    def live(self) -> str | None:
        return self.dying_of

    def ready(self) -> str | None:
        return self.waiting_for


async def ask(port: int, path: str) -> tuple[int, object]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.json()


async def test_all_well() -> None:
    async with serve_health({"router": Patient()}, "127.0.0.1", 0) as port:
        assert await ask(port, "/live") == (200, {"status": "ok", "reasons": {}})
        assert await ask(port, "/ready") == (200, {"status": "ok", "reasons": {}})


async def test_reasons_are_named_by_processor_and_follow_events() -> None:
    router, cache = Patient(waiting_for="restoring 2 tasks"), Patient()
    async with serve_health({"router": router, "cache": cache}, "127.0.0.1", 0) as port:
        assert await ask(port, "/ready") == (503, {"status": "failing", "reasons": {"router": "restoring 2 tasks"}})
        assert (await ask(port, "/live"))[0] == 200
        router.waiting_for, cache.dying_of = None, "no progress for 60 s"
        assert (await ask(port, "/ready"))[0] == 200
        assert await ask(port, "/live") == (503, {"status": "failing", "reasons": {"cache": "no progress for 60 s"}})


async def test_a_process_without_processors_is_still_starting() -> None:
    vitals: dict[str, Patient] = {}
    async with serve_health(vitals, "127.0.0.1", 0) as port:
        assert (await ask(port, "/live"))[0] == 200
        assert await ask(port, "/ready") == (503, {"status": "failing", "reasons": {"process": "starting"}})
        vitals["router"] = Patient()
        assert (await ask(port, "/ready"))[0] == 200


async def test_a_port_that_is_taken_is_a_bad_setting() -> None:
    async with serve_health({}, "127.0.0.1", 0) as port:
        with pytest.raises(BadSettings, match=r"HEADCHEF_HEALTH_PORT: cannot listen on 127.0.0.1"):
            async with serve_health({}, "127.0.0.1", port):
                pass


async def test_the_port_is_free_again_afterwards() -> None:
    # One of those that the system gives to outgoing connections might be such a one's by then.
    [port] = free_ports(1)
    for _ in range(2):
        async with serve_health({}, "127.0.0.1", port) as served:
            assert served == port
