"""`headchef topics create|check`: makes the topics of the table, or compares them with it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from headchef.cli.edge import guarded
from headchef.cli.faults import WorkFailed

if TYPE_CHECKING:
    from headchef.cli.cluster import Cluster
    from headchef.cli.screen import Screen

T = TypeVar("T")

commands = typer.Typer(no_args_is_help=True, help="Make and check the topics.")

Lanes = Annotated[list[str] | None, typer.Option("--lane", help="Quota pool; those of the catalogue if omitted.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command()
@guarded
def create(lane: Lanes = None, patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Make the topics that do not exist, as the topic table sets them; the others are left as they are."""
    from headchef.cli.cluster import named_cluster
    from headchef.cli.entries import entries_here
    from headchef.cli.screen import Screen
    from headchef.runtime.log.kafka.topics import create as create_topics
    from headchef.runtime.log.kafka.topics import wanted

    screen, cluster = Screen(as_json=as_json), named_cluster()
    lanes, entries = lanes_or_catalogue(lane), entries_here()
    made = _patiently(
        cluster, screen, patience_s, lambda: create_topics(cluster.kafka, cluster.namespace, lanes, entries)
    )
    names = {each.name for each in wanted(cluster.namespace, lanes, entries)}
    if as_json:
        screen.data({"created": made, "existing": sorted(names - set(made))})
    else:
        for name in made:
            screen.write(f"made {name}")
        screen.say(f"{len(made)} topics made, {len(names) - len(made)} were there already", "green")


@commands.command()
@guarded
def check(lane: Lanes = None, patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Compare the topics with the topic table; exit code 1 if they differ."""
    from headchef.cli.cluster import named_cluster
    from headchef.cli.entries import entries_here
    from headchef.cli.screen import Screen, table
    from headchef.runtime.log.kafka.topics import compare, wanted

    screen, cluster = Screen(as_json=as_json), named_cluster()
    lanes, entries = lanes_or_catalogue(lane), entries_here()
    found = _patiently(cluster, screen, patience_s, lambda: compare(cluster.kafka, cluster.namespace, lanes, entries))
    total = len(wanted(cluster.namespace, lanes, entries))
    rows = [(each.topic, each.setting, each.wanted, each.found) for each in found]
    columns = ("topic", "setting", "wanted", "found")
    if as_json:
        screen.data({"topics": total, "differences": [dict(zip(columns, row, strict=True)) for row in rows]})
    elif rows:
        screen.write(table("", columns, rows))
    if found:
        raise WorkFailed(
            f"{len({each.topic for each in found})} of {total} topics are not as the table sets them",
            "missing ones are made by `headchef topics create`; settings are changed with Kafka's own tools",
        )
    screen.say(f"all {total} topics are as they should be", "green")


def lanes_or_catalogue(given: list[str] | None) -> list[str]:
    """Give the lanes that the user named, or those of the catalogue."""
    if given:
        return given
    from headchef.catalogue import load as load_catalogue
    from headchef.router.settings import RouterSettings
    from headchef.runtime.settings import load

    return sorted(load_catalogue(load(RouterSettings).catalogue).lanes)


def _patiently(cluster: "Cluster", screen: "Screen", patience_s: float, ask: "Callable[[], Awaitable[T]]") -> T:
    import asyncio

    from headchef.cli.cluster import patiently

    return asyncio.run(patiently(ask, cluster=cluster, screen=screen, patience_s=patience_s))
