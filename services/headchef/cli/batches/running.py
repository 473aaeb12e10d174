"""Waits for a batch, or looks at it once, and says how it stands."""

import asyncio
from collections.abc import Callable

from headchef_contracts.events.batches import BatchFinished
from headchef_contracts.events.brakes import BrakeSet

from headchef.batches.account import Account
from headchef.cli.batches.pausing import paused, way_on
from headchef.cli.batches.reading import Known, Watch, open_watch
from headchef.cli.batches.view import as_json as to_json
from headchef.cli.batches.view import as_table, progress_of
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.faults import NotInTime, WorkFailed
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.screen import Meter, Screen
from headchef.runtime.clock import Clock, SystemClock

_POLL_S = 0.25


def wait(batch_id: str, tenant: str, *, timeout_s: float | None, patience_s: float, as_json: bool) -> None:
    """Wait until a batch has finished, and show it.

    Args:
        batch_id: its id.
        tenant: whose it is.
        timeout_s: seconds to wait; None for as long as it takes.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show JSON.

    Raises:
        NotInTime: it has not finished in time.
        WorkFailed: it has, and not all of its jobs have a good answer.
    """
    screen = Screen(as_json=as_json)
    known = asyncio.run(_watched(named_cluster(), screen, (tenant, batch_id), timeout_s, patience_s))
    conclude(known, batch_id, tenant, screen)


def show(batch_id: str, tenant: str, *, patience_s: float, as_json: bool) -> None:
    """Show how a batch stands.

    Args:
        batch_id: its id.
        tenant: whose it is.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show JSON.

    Raises:
        WorkFailed: nothing is known of it.
    """
    screen = Screen(as_json=as_json)
    known = asyncio.run(_watched(named_cluster(), screen, (tenant, batch_id), 0, patience_s))
    found = known.finished or known.account
    if found is None:
        raise WorkFailed(*_unheard(known, batch_id, tenant))
    _present(found, known.holding, screen)


def conclude(known: Known, batch_id: str, tenant: str, screen: Screen) -> None:
    """Show a batch that was waited for.

    Raises:
        NotInTime: it has not finished.
        WorkFailed: not all of its jobs have a good answer.
    """
    finished, account = known.finished, known.account
    if finished is not None:
        _present(finished, None, screen)
        if finished.counts.bad:
            jobs = "1 job has" if finished.counts.bad == 1 else f"{finished.counts.bad:,} jobs have"
            raise WorkFailed(f"{jobs} no good answer", f"`headchef results --batch {batch_id}` lists them")
        return
    if account is None:
        raise NotInTime(*_unheard(known, batch_id, tenant))
    _present(account, known.holding, screen)
    if known.holding is not None:
        raise NotInTime(f"batch {batch_id} is paused: {progress_of(account)}", way_on(known.holding))
    hint = "wait again, or see with `headchef explain JOB` where one of the others is"
    if account.size is None:
        hint = "let at least one job name `batch_size`, as `headchef submit FILE --batch` does"
    raise NotInTime(f"batch {batch_id} has not finished: {progress_of(account)}", hint)


async def watch(
    opened_watch: Watch,
    *,
    timeout_s: float | None,
    stop: asyncio.Event,
    clock: Clock,
    meter: Meter,
    say: Callable[[str], None],
) -> Known:
    """Read until the batch has finished, the time is up, or `stop` is set; all that is there is read in any case.

    A pause does not end that: who waits may well be the one who lifts it.

    Args:
        opened_watch: reads of the batch.
        timeout_s: seconds; None for as long as it takes.
        stop: looked at several times a second.
        clock: for the time-out.
        meter: is told how many jobs have ended.
        say: is told that the batch is paused, or goes on.
    """
    began_s = clock.monotonic()
    told: BrakeSet | None = None
    while not stop.is_set():
        left_s = _POLL_S if timeout_s is None else min(_POLL_S, began_s + timeout_s - clock.monotonic())
        if not opened_watch.is_behind and (opened_watch.known.finished is not None or left_s <= 0):
            break
        if not opened_watch.is_behind and (pause := opened_watch.known.holding) != told:
            told = pause
            say("it goes on" if pause is None else f"{paused(pause)}; {way_on(pause)}")
        await opened_watch.read(max(left_s, 0.01))
        if (account := opened_watch.known.account) is not None:
            meter.update(account.counts.total, account.size)
    return opened_watch.known


async def _watched(
    cluster: Cluster, screen: Screen, name: tuple[str, str], timeout_s: float | None, patience_s: float
) -> Known:
    with stop_on_signals() as stop:
        async with opened(cluster) as log:
            found = await patiently(
                lambda: open_watch(log, cluster.namespace, name),
                cluster=cluster,
                screen=screen,
                patience_s=patience_s,
            )
            with screen.progress(f"batch {name[1]}") as meter:
                return await watch(
                    found,
                    timeout_s=timeout_s,
                    stop=stop,
                    clock=SystemClock(),
                    meter=meter,
                    say=lambda text: screen.say(f"batch {name[1]}: {text}", "yellow"),
                )


def _present(found: Account | BatchFinished, pause: BrakeSet | None, screen: Screen) -> None:
    if screen.as_json:
        screen.data(to_json(found, pause))
    else:
        screen.write(as_table(found, pause))


def _unheard(known: Known, batch_id: str, tenant: str) -> tuple[str, str]:
    said = f"no job of a batch {batch_id} of tenant {tenant} has ended"
    if known.holding is not None:
        return f"{said}, and it is {paused(known.holding)}", way_on(known.holding)
    return (
        said,
        "is it the right tenant, and are the services running, `headchef.batches` among them?",
    )
