"""`headchef dlq list|show|redrive`: what was not accepted, why, its untouched bytes, and the way back."""

import sys
from typing import Annotated

import typer

from headchef.cli.edge import guarded

commands = typer.Typer(no_args_is_help=True, help="Look at dead letters, and send them back.")

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

    from headchef.cli.cluster import named_cluster, read_patiently
    from headchef.cli.entries import entries_here
    from headchef.cli.letters.reading import letter_topics, read_letters, split_place
    from headchef.cli.letters.view import listing
    from headchef.cli.screen import Screen
    from headchef.cli.topics import lanes_or_catalogue

    screen, cluster = Screen(as_json=as_json), named_cluster()
    every = topic is None
    names = letter_topics(lanes_or_catalogue(None), entries_here()) if every else [split_place(f"{topic}:0:0")[0]]

    reading = read_patiently(
        cluster,
        screen,
        "reading dead letters",
        patience_s,
        lambda log, meter: read_letters(
            log, namespace=cluster.namespace, names=names, max_records=records, progress=meter.update
        ),
    )
    found, skipped = asyncio.run(reading)
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


@commands.command()
@guarded
def redrive(
    place: Annotated[str | None, typer.Argument(help="One letter, as `dlq list` shows it.", show_default=False)] = None,
    topic: Annotated[str | None, typer.Option(help="Those of this topic, such as jobs.submitted.")] = None,
    reason: Annotated[str | None, typer.Option(help="Those with this reason, such as unknown_model.")] = None,
    field: Annotated[str | None, typer.Option(help="Those with this field at fault, such as model.")] = None,
    job: Annotated[str | None, typer.Option(help="Those of this job.")] = None,
    since: Annotated[str | None, typer.Option(help="Those from this time on, in ISO 8601; UTC if not said.")] = None,
    until: Annotated[str | None, typer.Option(help="Those from before this time.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters of all topics.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Send at most this many, the oldest.")] = None,
    max_redrives: Annotated[int, typer.Option(min=1, max=1000, help="Send none back more often than this.")] = 3,
    records: Annotated[int, typer.Option(min=1, help="Look at this many of a partition, the newest.")] = 10_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back to where they came from, with their bytes untouched. Mend the cause first.

    Choose one by its PLACE, some by a filter (all options given must fit), or --all. What was sent back before is
    recognised and not sent again, so an interrupted run can be repeated.
    """
    from headchef.cli.letters.choice import Choice
    from headchef.cli.letters.plan import Bounds
    from headchef.cli.letters.redriving import Manner, carry_out

    carry_out(
        Choice(place, topic, reason, field, job, since, until, every),
        Bounds(records, limit, max_redrives),
        Manner(dry_run=dry_run, yes=yes, patience_s=patience_s, as_json=as_json),
    )
