"""Carries out `headchef review`: list and show what is open, decide, and tell what became of that."""

import asyncio
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer

from headchef_contracts.events.common import Inline
from headchef_contracts.events.reviews import (
    MAX_DOCUMENT_BYTES,
    MAX_REASON,
    ReviewAsked,
    ReviewDecided,
    Verdict,
)

from headchef.checks import in_short, installed
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.history.describe import body_value
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.reviewing.choosing import Choice, nothing, the_one
from headchef.cli.reviewing.conclusion import DONE, conclude
from headchef.cli.reviewing.documents import edited, shown, with_document, wrong_with
from headchef.cli.reviewing.reading import Found, open_reviews
from headchef.cli.reviewing.sending import Answer, send
from headchef.cli.reviewing.view import as_json, as_lines, as_table
from headchef.cli.screen import Screen
from headchef.runtime.clock import SystemClock

_LONGEST_BY = 200
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """How reviews are read.

    Attributes:
        max_records: of a partition, the newest, that are looked at.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show JSON.
    """

    max_records: int
    patience_s: float
    as_json: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says.

    Attributes:
        verdict: of all reviews that are meant.
        because: why, in words; None if that is not said.
        by: who says so.
        source: the file of an edited document, or - for standard input.
    """

    verdict: Verdict
    because: str | None
    by: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a decision is carried out.

    Attributes:
        yes: do not ask.
        timeout_s: seconds without any answer of the services to wait.
    """

    yes: bool
    timeout_s: float


def list_open(choice: Choice, reading: Reading) -> None:
    """List the open reviews that are meant, the one that is due first first."""
    screen = Screen(as_json=reading.as_json)
    found = asyncio.run(_read(named_cluster(), screen, reading))
    reviews = choice.among(found.open)
    if screen.as_json:
        for each in reviews:
            screen.data(as_json(each, whole=False))
    elif reviews:
        screen.write(as_table(reviews, datetime.now(UTC)))
    else:
        screen.say(nothing(choice)[0], "green")
    _tell_of_the_rest(found, screen)


def show(choice: Choice, reading: Reading, wait_s: float) -> None:
    """Show the one review that is meant: its document on standard output, all else on standard error.

    Args:
        choice: which.
        reading: how it is read.
        wait_s: seconds to wait until it is asked for.

    Raises:
        WrongUsage: none is meant, or several are.
        WorkFailed: its document lies in a store that cannot be read from here.
    """
    screen = Screen(as_json=reading.as_json)
    found = asyncio.run(_awaited(choice, named_cluster(), screen, reading, wait_s))
    review = asyncio.run(with_document(the_one(choice.among(found.open), choice)))
    if screen.as_json:
        screen.data(as_json(review, whole=True))
        return
    for line in as_lines(review, datetime.now(UTC)):
        screen.say(line, "bold")
    for finding in wrong_with(body_value(review.document), review, installed()):
        screen.say(f"{finding.path or '/'}: {finding.message}", "yellow")
    print(shown(body_value(review.document)))  # noqa: T201 data, which no screen may wrap


def decide(decision: Decision, choice: Choice, reading: Reading, manner: Manner) -> None:
    """Decide about the reviews that are meant, and wait for what becomes of that.

    Raises:
        WrongUsage: options or the edited document are wrong, or nothing is meant; nothing was sent.
        WorkFailed: whoever was asked said no, or the services took not all of it.
        NotInTime: the services have not answered in time.
    """
    screen, cluster = Screen(as_json=reading.as_json), named_cluster()
    _see(decision, choice)
    found = asyncio.run(_read(cluster, screen, reading))
    reviews = choice.among(found.open)
    document = None
    if decision.source is not None:
        reviews = [the_one(reviews, choice)]
        document = _good(decision.source, asyncio.run(with_document(reviews[0])))
    if not reviews:
        raise WrongUsage(*nothing(choice))
    single = len(reviews) == 1 and choice.job_id is not None
    if not (manner.yes or single):
        _confirm(decision, reviews, screen)
    commands = [command_of(each, decision, document, str(uuid.uuid4())) for each in reviews]
    answers = asyncio.run(_send(cluster, screen, commands, reading.patience_s, manner.timeout_s))
    conclude(commands, answers, screen)


def command_of(review: ReviewAsked, decision: Decision, document: Any, command_id: str) -> ReviewDecided:
    """Make the command that decides about a review.

    Args:
        review: that is decided about.
        decision: what is said.
        document: the edited one, of an edit.
        command_id: new.
    """
    job = review.job
    fields: dict[str, Any] = {
        "command_id": command_id,
        "job_id": job.job_id,
        "run": job.run,
        "revision": job.revision,
        "tenant": job.tenant,
        "home_partition": job.home_partition,
        "step_id": review.step_id,
        "verdict": decision.verdict,
        "by": decision.by,
        "item": review.item,
        "conversation_id": job.conversation_id,
        "because": decision.because,
    }
    if decision.verdict == "edit":
        fields["document"] = Inline(inline=document)
    return ReviewDecided.model_validate({name: value for name, value in fields.items() if value is not None})


def _see(decision: Decision, choice: Choice) -> None:
    if choice.is_any:
        raise WrongUsage("nothing says which reviews are meant", "name a job, or give --workflow, --tenant or --batch")
    if decision.because is not None and len(decision.because) > MAX_REASON:
        raise WrongUsage(f"--because: has {len(decision.because)} characters; at most {MAX_REASON} are kept")
    if not 0 < len(decision.by) <= _LONGEST_BY or not decision.by.isprintable():
        raise WrongUsage(f"--by: must have 1 to {_LONGEST_BY} characters, none of them a control character")


def _good(source: str, review: ReviewAsked) -> Any:
    document = edited(source, body_value(review.document))
    command = command_of(review, Decision("edit", None, "nobody"), document, "-")
    if (size := len(command.model_dump_json().encode())) > MAX_DOCUMENT_BYTES:
        raise WrongUsage(f"{source}: the document has {size:,} bytes; at most {MAX_DOCUMENT_BYTES:,} are taken")
    if findings := wrong_with(document, review, installed()):
        raise WrongUsage(f"{source} does not pass: {in_short(findings)}", "mend it; nothing was sent")
    return document


def _confirm(decision: Decision, reviews: Sequence[ReviewAsked], screen: Screen) -> None:
    if screen.as_json or not sys.stdin.isatty():
        raise WrongUsage(
            f"{_counted(reviews)} would be {DONE[decision.verdict]}, and nobody can be asked", "give --yes"
        )
    screen.write(as_table(reviews, datetime.now(UTC)))
    if not typer.confirm(f"{decision.verdict.capitalize()} {_counted(reviews)}?", err=True):
        raise WorkFailed("nothing was decided")


def _counted(reviews: Sequence[ReviewAsked]) -> str:
    return "1 review" if len(reviews) == 1 else f"{len(reviews):,} reviews"


async def _read(cluster: Cluster, screen: Screen, reading: Reading) -> Found:
    return await read_patiently(
        cluster,
        screen,
        "reading reviews",
        reading.patience_s,
        lambda log, meter: open_reviews(log, cluster.namespace, max_records=reading.max_records, progress=meter.update),
    )


async def _awaited(choice: Choice, cluster: Cluster, screen: Screen, reading: Reading, wait_s: float) -> Found:
    """Read until something is meant, or the time is over."""
    clock = SystemClock()
    until_s = clock.monotonic() + wait_s
    while True:
        found = await _read(cluster, screen, reading)
        if choice.among(found.open) or clock.monotonic() >= until_s:
            return found
        await clock.sleep(_LOOK_S)


async def _send(
    cluster: Cluster, screen: Screen, commands: Sequence[ReviewDecided], patience_s: float, timeout_s: float
) -> dict[str, Answer]:
    with stop_on_signals() as stop, screen.progress("decisions", len(commands)) as meter:
        async with opened(cluster) as log:
            return await patiently(
                lambda: send(
                    log,
                    cluster.namespace,
                    commands,
                    timeout_s=timeout_s,
                    stop=stop,
                    clock=SystemClock(),
                    told=meter.update,
                ),
                cluster=cluster,
                screen=screen,
                patience_s=patience_s,
            )


def _tell_of_the_rest(found: Found, screen: Screen) -> None:
    if found.skipped:
        screen.say(f"{found.skipped:,} older records were not looked at; --records looks further", "yellow")
    if found.unreadable:
        screen.say(f"{found.unreadable:,} records cannot be read; upgrade headchef on this machine", "yellow")
