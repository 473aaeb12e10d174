"""A cache heeds what is invalidated while it runs and while it is down, and serves nothing while it cannot know."""

from collections.abc import Sequence
from datetime import UTC, datetime

from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope, entry_of

from headchef.cache.invalidations import TOPIC
from headchef.cli.broadcast import entry
from headchef.runtime.errors import LogUnavailable
from tests.cache.behaviour.world import CacheWorld, kinds
from tests.cache.builders import make_planned, make_settled
from tests.support.eventually import eventually_async
from tests.support.hooked_log import Moment
from tests.support.log_client import publish

MENU = "What is on the menu?"


async def ask(world: CacheWorld, job: str) -> Sequence[str]:
    """Ask as a new job, and give what comes of it; it is settled at once if it went to its model."""
    known = len(await world.came())
    await world.tell(make_planned(MENU, job_id=job))
    came = kinds(await world.until_gone_on(known + 1))[job]
    if came == ["sent"]:
        # Long after all that is said here, by the time of builders.
        await world.tell(make_settled(MENU, job_id=job, planned_s=1e9))
        await world.until_done()
    return came


async def invalidate(world: CacheWorld, tenant: str = "default") -> None:
    scope = InvalidatedScope(tenant=tenant)
    event = CacheInvalidated(entry=entry_of(scope, erase=False), scope=scope, by="ann@desk-7", at=datetime.now(UTC))
    await publish(world.outside, [entry(event, TOPIC, world.namespace, event.at)])


async def test_it_is_heeded_by_who_runs_and_by_who_starts_later(world: CacheWorld) -> None:
    one = world.begin("one")
    await world.tell(make_settled(MENU, job_id="old"))
    await world.until_done()
    assert await ask(world, "a") == ["exact"]
    await invalidate(world, "nobody")
    assert await ask(world, "b") == ["exact"]
    await one.kill()
    await invalidate(world)
    world.begin("two")
    assert await ask(world, "c") == ["sent"]
    assert await ask(world, "d") == ["exact"], "what was asked for afterwards serves again"


async def test_nothing_is_served_while_the_broadcast_cannot_be_read(world: CacheWorld) -> None:
    world.settings = world.settings.model_copy(update={"fresh_s": 1.0})
    cut = False

    async def hook(moment: Moment, step: str) -> None:
        if cut and moment == "before" and step == "reader.bounds":
            raise LogUnavailable("away")

    one = world.begin("one", hook=hook)
    await world.tell(make_settled(MENU, job_id="old"))
    await world.until_done()

    async def comes(wanted: str) -> bool:
        return await ask(world, f"job-{len(await world.came())}") == [wanted]

    # A busy machine may be late with its look.
    await eventually_async(lambda: comes("exact"))
    cut = True
    await eventually_async(lambda: comes("sent"))
    assert not one.ended
    cut = False
    await eventually_async(lambda: comes("exact"))
