"""`headchef demo`: real rows through the whole pipeline, with a summary and a page to look at."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.faults import WorkFailed, WrongUsage

if TYPE_CHECKING:
    from headchef.cli.demo.jobs import DemoJob
    from headchef.cli.demo.running import Served
    from headchef.cli.kitchen.menu import Menu
    from headchef.cli.screen import Screen

_REAL_JOBS = 10
_REAL_IN_FLIGHT = 4
_SIMULATED_IN_FLIGHT = 150


@guarded
def demo(
    jobs: Annotated[
        int | None, typer.Option(min=1, max=606, help="How many; all 606 by default, 10 on a real endpoint.")
    ] = None,
    folder: Annotated[Path, typer.Option(file_okay=False, help="Where the page and the log go.")] = Path(
        "headchef-demo"
    ),
    cap_usd: Annotated[
        str, typer.Option("--cap-usd", help="On a real endpoint: submit no more once so much is spent.")
    ] = "0.50",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="On a real endpoint: do not ask.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Go on serving until Ctrl-C, to look around.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary for machines.")] = False,
) -> None:
    """Turn 406 cars and 200 cities into content, through all services on this machine.

    Without settings it starts a broker in memory and a simulated model. With OPENAI_API_KEY (and OPENAI_BASE_URL for
    another endpoint) and HEADCHEF_MODEL it asks a real one: it shows an estimate first, does ten jobs, keeps to a
    spend cap, and asks.
    """
    import asyncio
    import os
    import uuid

    from headchef.cli.demo.jobs import demo_jobs
    from headchef.cli.demo.running import Plan, run_demo
    from headchef.cli.demo.sources import host_of, listening
    from headchef.cli.kitchen.menu import choose
    from headchef.cli.screen import Screen
    from headchef.runtime.garbage import collect_seldom
    from headchef.runtime.telemetry.logs import start_logs

    screen, menu = Screen(as_json=as_json), choose(os.environ)
    real = menu.kind != "simulator"
    cap = _amount(cap_usd) if real else None
    batch = f"demo-{uuid.uuid4().hex[:6]}"
    with listening() as source:
        chosen = demo_jobs(batch, _REAL_JOBS if real and jobs is None else jobs, host_of(source))
        if menu.remark:
            screen.say(menu.remark, "yellow")
        if cap is not None:
            _ask(screen, menu, chosen, cap, yes)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "services.log").open("w", encoding="utf-8") as log:
            start_logs(os.environ.get("HEADCHEF_LOG_LEVEL", "INFO"), log)
            in_flight = _REAL_IN_FLIGHT if real else _SIMULATED_IN_FLIGHT
            plan = Plan(batch, source, chosen, menu, in_flight, cap, keep)
            collect_seldom()
            served = asyncio.run(run_demo(plan, screen, lambda served: _present(screen, served, folder, not real)))
        _judge(screen, served, folder)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount <= 0:
        raise WrongUsage(f'--cap-usd: "{text}" is not an amount', "give US dollars, such as 0.50")
    return amount


def _ask(screen: "Screen", menu: "Menu", jobs: "list[DemoJob]", cap: Decimal, yes: bool) -> None:
    from headchef.cli.amounts import dollars
    from headchef.cli.demo.estimate import estimate

    guess = estimate(jobs, menu.prices)
    cost = (
        "cost unknown, as the model's price is not known"
        if guess.cost_usd is None
        else f"about {dollars(guess.cost_usd)}"
    )
    tokens = f"about {guess.input_tokens:,} tokens in and {guess.output_tokens:,} out"
    screen.say(f"{len(jobs)} jobs for {menu.model}: {tokens}, {cost}.", "bold")
    if guess.cost_usd is None:
        screen.say("The spend cap cannot work without a price; the number of jobs is the bound.", "yellow")
    else:
        screen.say(f"No job is submitted once {dollars(cap)} is spent; {_REAL_IN_FLIGHT} are under way at once.")
    if not yes and not typer.confirm("Go on?", err=True):
        raise WorkFailed("nothing was submitted")


def _present(screen: "Screen", served: "Served", folder: Path, simulated: bool) -> None:
    from headchef.cli.demo.conclusion import summary_as_json, write_page
    from headchef.cli.following.show import summary

    results = [outcome.event for outcome in served.state.outcomes.values()]
    page = write_page(served, folder / "results.html", simulated=simulated) if results else None
    if screen.as_json:
        screen.data(summary_as_json(served, page))
    elif page is not None:
        screen.write(summary(results))
        if simulated:
            screen.write("One simulated answer in a hundred breaks its schema: it is shown to the model, and repaired.")
        screen.write(f"Page: {page.resolve().as_uri()}")


def _judge(screen: "Screen", served: "Served", folder: Path) -> None:
    outcomes = served.state.outcomes.values()
    missing = len(served.jobs) - len(outcomes)
    if served.interrupted:
        raise WorkFailed(f"interrupted: {len(outcomes):,} results came, {missing:,} jobs are left out")
    if served.state.left_out:
        screen.say(f"{missing:,} jobs were left out, as the spend cap was reached", "yellow")
    elif missing:
        raise WorkFailed(f"{missing:,} jobs have no result", f"see {folder / 'services.log'}")
    if outcomes and all(outcome.status in ("failed", "refused") for outcome in outcomes):
        raise WorkFailed("no job came out well", "the page says why")
