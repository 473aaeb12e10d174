"""Carries a re-drive out: choose, show, ask, send, and say how far it came."""

import asyncio
from dataclasses import dataclass

import typer

from headchef_contracts import topics

from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.entries import entries_here
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.letters.choice import Choice
from headchef.cli.letters.plan import Bounds, Plan, plan
from headchef.cli.letters.redrive import source_of
from headchef.cli.letters.view import listing
from headchef.cli.screen import Screen
from headchef.cli.submission.publishing import Sent, publish_records
from headchef.cli.topics import lanes_or_catalogue

_SHOWN_LETTERS = 5
_SHOWN_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Manner:
    """How a re-drive is carried out.

    Attributes:
        dry_run: send nothing.
        yes: do not ask.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.
    """

    dry_run: bool
    yes: bool
    patience_s: float
    as_json: bool


def carry_out(choice: Choice, bounds: Bounds, manner: Manner) -> None:
    """Do what `dlq redrive` was asked to.

    Raises:
        WrongUsage: options are wrong, and nothing was sent.
        WorkFailed: not all that was chosen could be sent.
    """
    choice.check()
    if manner.as_json and not (manner.yes or manner.dry_run):
        raise WrongUsage("--json cannot ask", "give --yes or --dry-run too")
    screen = Screen(as_json=manner.as_json)
    found = asyncio.run(_plan(choice, bounds, manner, screen))
    if not manner.as_json:
        _show(found, screen)
    sent = Sent()
    if found.redrives and not manner.dry_run:
        # Asked between two connections, so that none is kept waiting for an answer.
        if not manner.yes and not typer.confirm(f"Send {_counted(len(found.redrives))} back?", err=True):
            raise WorkFailed("nothing was sent")
        sent = asyncio.run(_send(found, manner, screen))
    if manner.as_json:
        screen.data(_as_json(found, sent))
    _conclude(found, sent, manner, screen)


async def _plan(choice: Choice, bounds: Bounds, manner: Manner, screen: Screen) -> Plan:
    cluster = named_cluster()
    reads_all = choice.place is None and choice.topic is None
    lanes, entries = (lanes_or_catalogue(None), entries_here()) if reads_all else ([], ())
    return await read_patiently(
        cluster,
        screen,
        "reading dead letters",
        manner.patience_s,
        lambda log, meter: plan(
            log,
            choice,
            bounds,
            namespace=cluster.namespace,
            lanes=lanes,
            entries=entries,
            progress=meter.update,
        ),
    )


async def _send(found: Plan, manner: Manner, screen: Screen) -> Sent:
    cluster = _cluster_for(found)
    with stop_on_signals() as stop:
        async with opened(cluster) as log:
            producer = log.producer(f"{cluster.namespace}.redrive", None)
            await patiently(producer.start, cluster=cluster, screen=screen, patience_s=manner.patience_s)
            try:
                with screen.progress("sending back", len(found.redrives)) as meter:
                    return await publish_records(
                        ((each.letter.place, each.record) for each in found.redrives),
                        producer,
                        stop=stop,
                        progress=meter.update,
                    )
            finally:
                await producer.close()


def _cluster_for(found: Plan) -> Cluster:
    """Write twice after a lost answer only what the router would drop as a duplicate: what upstream may publish."""
    written = {topics.topic(source_of(each.letter.topic)) for each in found.redrives}
    return named_cluster(repeatable=all("upstream" in topic.writers for topic in written))


def _show(found: Plan, screen: Screen) -> None:
    letters = [each.letter for each in found.redrives]
    if letters:
        screen.write(listing(letters[:_SHOWN_LETTERS]))
    if len(letters) > _SHOWN_LETTERS:
        screen.say(f"… and {len(letters) - _SHOWN_LETTERS:,} more", "dim")
    for letter, why in found.left_out[:_SHOWN_FAULTS]:
        screen.say(f"{letter.place} cannot be sent back: {why}", "red")
    if len(found.left_out) > _SHOWN_FAULTS:
        screen.say(f"… and {len(found.left_out) - _SHOWN_FAULTS:,} more that cannot", "red")
    if found.before:
        screen.say(f"sent back before, and not again: {_counted(len(found.before))}", "yellow")
    if found.skipped:
        screen.say(f"{found.skipped:,} older ones were not looked at; --records looks further", "yellow")


def _conclude(found: Plan, sent: Sent, manner: Manner, screen: Screen) -> None:
    for place, reason in sent.refused[:_SHOWN_FAULTS]:
        screen.say(f"{place} was not taken: {reason}", "red")
    chosen = len(found.redrives)
    if manner.dry_run:
        screen.say(f"{_counted(chosen)} would be sent back; nothing was sent", "green")
    elif sent.acknowledged < chosen:
        raise WorkFailed(
            f"{sent.acknowledged:,} of {_counted(chosen)} are sent back ({sent.stopped or 'Kafka did not take some'})",
            "run the same command again: what was sent is recognised and not sent twice",
        )
    else:
        screen.say(f"sent {_counted(chosen)} back" if chosen else "nothing to send", "green")
    if found.left_out:
        raise WorkFailed(f"{_counted(len(found.left_out))} cannot be sent back")


def _as_json(found: Plan, sent: Sent) -> dict[str, object]:
    return {
        "chosen": len(found.redrives),
        "sent": sent.acknowledged,
        "stopped": sent.stopped,
        "places": [each.letter.place for each in found.redrives],
        "not_taken": [{"place": place, "why": why} for place, why in sent.refused],
        "left_out": [{"place": letter.place, "why": why} for letter, why in found.left_out],
        "sent_before": list(found.before),
        "not_looked_at": found.skipped,
    }


def _counted(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count:,} dead letters"
