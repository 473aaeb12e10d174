"""`headchef topics create|check`: makes the topics of the table, or compares them with it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from headchef.cli.edge import guarded
from headchef.cli.faults import WorkFailed

if TYPE_CHECKING:
    from headchef.cli.cluster import Cluster
    from headchef.cli.screen import Screen
    from headchef.runtime.log.kafka.admin import KafkaAdmin, WantedTopic

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
    from headchef.cli.screen import Screen

    screen, cluster = Screen(as_json=as_json), named_cluster()
    topics = wanted(cluster.namespace, lanes_or_catalogue(lane))
    made = _administer(cluster, screen, patience_s, lambda admin: admin.create(topics))
    if as_json:
        screen.data({"created": made, "existing": sorted({each.name for each in topics} - set(made))})
    else:
        for name in made:
            screen.write(f"made {name}")
        screen.say(f"{len(made)} topics made, {len(topics) - len(made)} were there already", "green")


@commands.command()
@guarded
def check(lane: Lanes = None, patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Compare the topics with the topic table; exit code 1 if they differ."""
    from headchef.cli.cluster import named_cluster
    from headchef.cli.screen import Screen, table

    screen, cluster = Screen(as_json=as_json), named_cluster()
    topics = wanted(cluster.namespace, lanes_or_catalogue(lane))
    found = _administer(cluster, screen, patience_s, lambda admin: admin.differences(topics))
    rows = [(each.topic, each.setting, each.wanted, each.found) for each in found]
    columns = ("topic", "setting", "wanted", "found")
    if as_json:
        screen.data({"topics": len(topics), "differences": [dict(zip(columns, row, strict=True)) for row in rows]})
    elif rows:
        screen.write(table("", columns, rows))
    if found:
        raise WorkFailed(
            f"{len({each.topic for each in found})} of {len(topics)} topics are not as the table sets them",
            "missing ones are made by `headchef topics create`; settings are changed with Kafka's own tools",
        )
    screen.say(f"all {len(topics)} topics are as they should be", "green")


def wanted(namespace: str, lanes: list[str]) -> "list[WantedTopic]":
    """Give every topic that a deployment must have, under its full name."""
    from headchef_contracts import topics

    from headchef.runtime.log.kafka.admin import WantedTopic

    return [
        WantedTopic(topics.physical(namespace, each.logical), each.partitions, each.replicas, each.configuration())
        for each in topics.required(lanes)
    ]


def lanes_or_catalogue(given: list[str] | None) -> list[str]:
    """Give the lanes that the user named, or those of the catalogue."""
    if given:
        return given
    from headchef.catalogue import load as load_catalogue
    from headchef.router.settings import RouterSettings
    from headchef.runtime.settings import load

    return sorted(load_catalogue(load(RouterSettings).catalogue).lanes)


def _administer(
    cluster: "Cluster", screen: "Screen", patience_s: float, ask: "Callable[[KafkaAdmin], Awaitable[T]]"
) -> T:
    import asyncio

    from headchef.cli.cluster import patiently
    from headchef.runtime.log.kafka.admin import administration

    async def once() -> T:
        async with administration(cluster.kafka) as admin:
            return await ask(admin)

    return asyncio.run(patiently(once, cluster=cluster, screen=screen, patience_s=patience_s))
