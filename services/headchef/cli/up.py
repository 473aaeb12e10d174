"""`headchef up`: all services in one process, with a broker of its own if none is named."""

from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded

if TYPE_CHECKING:
    from headchef.cli.screen import Screen


@guarded
def up(
    with_simulator: Annotated[
        bool | None,
        typer.Option("--simulator/--no-simulator", help="By default if no model of your own is named."),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Of the embedded broker; 9092 by default.")] = None,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 600,
) -> None:
    """Run all services in one process until Ctrl-C.

    HEADCHEF_KAFKA names the cluster; without it an embedded broker is started, in memory and for trying out. Models
    come from HEADCHEF_CATALOGUE, or from HEADCHEF_MODEL with OPENAI_API_KEY and OPENAI_BASE_URL, or else from the
    simulator. The first Ctrl-C drains: work in flight is finished and committed.
    """
    import asyncio
    import os

    from headchef.cli.screen import Screen
    from headchef.runtime.garbage import collect_seldom
    from headchef.runtime.telemetry.logs import start_logs

    start_logs(os.environ.get("HEADCHEF_LOG_LEVEL", "INFO"))
    collect_seldom()
    asyncio.run(_up(Screen(), with_simulator, port, patience_s))


async def _up(screen: "Screen", with_simulator: bool | None, port: int | None, patience_s: float) -> None:
    import os
    import tempfile
    from contextlib import AsyncExitStack
    from pathlib import Path

    from headchef.cli.interrupts import stop_on_signals
    from headchef.cli.kitchen.answers import answers_of
    from headchef.cli.kitchen.broker import broker, default_port, make_topics
    from headchef.cli.kitchen.environment import environment
    from headchef.cli.kitchen.menu import choose
    from headchef.cli.kitchen.services import run_services
    from headchef.cli.kitchen.simulator import simulator

    menu = choose(os.environ)
    if menu.remark:
        screen.say(menu.remark, "yellow")
    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            if with_simulator or (with_simulator is None and menu.kind == "simulator"):
                url = await stack.enter_async_context(simulator({}))
                stack.enter_context(environment({"HEADCHEF_SIMULATOR_URL": url}))
                screen.say(f"Model: the simulator at {url}; its texts are marked as simulated")
            if menu.catalogue is not None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headchef-")))
                (folder / "catalogue.yaml").write_text(menu.catalogue, "utf-8")
                stack.enter_context(environment({"HEADCHEF_CATALOGUE": str(folder / "catalogue.yaml")}))
                screen.say(f"Model: {menu.model}, at the endpoint of OPENAI_BASE_URL; calls cost what it charges")
            stand = await stack.enter_async_context(broker(screen, port=port or default_port()))
            stack.enter_context(answers_of(stand))
            made = await make_topics(stand, screen, patience_s)
            screen.say(f"{made} topics made" if made else "the topics were there already")
            setting = (
                "" if "HEADCHEF_KAFKA" in os.environ or port is None else f"HEADCHEF_KAFKA={stand.kafka.bootstrap} "
            )
            hint = f'In another terminal: {setting}headchef submit --prompt "Name three uses of cork" --wait'
            await run_services(stand, stop, lambda: screen.say(f"Ready; Ctrl-C drains and ends. {hint}", "green"))
    screen.say("Drained and ended.", "green")
