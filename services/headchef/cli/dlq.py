"""`headchef dlq list|show`: what was not accepted, why, and its untouched bytes."""

import sys
from typing import Annotated

import typer

from headchef.cli.edge import guarded

commands = typer.Typer(no_args_is_help=True, help="Look at dead letters.")

Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command("list")
@guarded
def list_letters(
    topic: Annotated[str | None, typer.Option(help="Only of this topic, such as jobs.submitted.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only with this reason, such as not_json.")] = None,
    records: Annotated[int, typer.Option(min=1, help="At most this many of a partition, the newest.")] = 10_000,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first: reason, field and message in words."""
    import asyncio

    from headchef.cli.cluster import named_cluster, opened, patiently
    from headchef.cli.letters.letter import Letter
    from headchef.cli.letters.reading import letter_topics, read_letters, split_place
    from headchef.cli.letters.view import listing
    from headchef.cli.screen import Screen
    from headchef.cli.topics import lanes_or_catalogue

    screen, cluster = Screen(as_json=as_json), named_cluster()
    names = letter_topics(lanes_or_catalogue(None)) if topic is None else [split_place(f"{topic}:0:0")[0]]

    async def read() -> tuple[list[Letter], int]:
        async with opened(cluster) as log:
            with screen.progress("reading dead letters") as meter:
                return await patiently(
                    lambda: read_letters(
                        log, namespace=cluster.namespace, names=names, max_records=records, progress=meter.update
                    ),
                    cluster=cluster,
                    screen=screen,
                    patience_s=patience_s,
                )

    found, skipped = asyncio.run(read())
    letters = [letter for letter in found if reason is None or letter.reason == reason]
    if as_json:
        for letter in letters:
            screen.data(letter.as_json())
    elif letters:
        screen.write(listing(letters))
    screen.say(f"{len(letters):,} dead letters; `headchef dlq show PLACE` shows one whole", "dim")
    if skipped:
        screen.say(f"{skipped:,} older ones were not looked at; --records looks further", "yellow")


@commands.command()
@guarded
def show(
    place: Annotated[str, typer.Argument(help="topic:partition:offset, as `dlq list` shows it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Only the bytes, as they came.")] = False,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter whole: why it died, its headers, its bytes."""
    import asyncio

    from headchef.cli.cluster import named_cluster, opened, patiently
    from headchef.cli.letters.letter import Letter
    from headchef.cli.letters.reading import read_letter, split_place
    from headchef.cli.letters.view import view
    from headchef.cli.screen import Screen

    split_place(place)
    screen, cluster = Screen(as_json=as_json), named_cluster()

    async def read() -> Letter:
        async with opened(cluster) as log:
            return await patiently(
                lambda: read_letter(log, namespace=cluster.namespace, place=place),
                cluster=cluster,
                screen=screen,
                patience_s=patience_s,
            )

    letter = asyncio.run(read())
    if raw:
        sys.stdout.buffer.write(letter.value)
        sys.stdout.buffer.flush()
    elif as_json:
        screen.data(letter.as_json())
    else:
        screen.write(view(letter))
