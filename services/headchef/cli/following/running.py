"""Reads results as `results` was asked to, and says where to go on."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from headchef.cli.amounts import dollars
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.following.feed import Beginning, Feed, Outcome, open_feed
from headchef.cli.following.place import read, written
from headchef.cli.following.show import STYLES, outcome_as_json, show_outcome
from headchef.cli.following.writing import Write, output_for
from headchef.cli.history.describe import body_value
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.screen import Meter, Screen, printable
from headchef.runtime.clock import Clock, SystemClock

_POLL_S = 0.25
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of the command line.

    Attributes:
        job_id: only this job.
        batch_id: only this batch.
        tenant: only of this tenant.
        follow: go on until interrupted.
        until: end after this many outcomes.
        wait: wait for the result of `job_id`.
        timeout_s: seconds without an outcome before giving up; None waits for ever.
        beginning: `start`, `now`, or a place as text.
        output: file to write to.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one event a line.
    """

    job_id: str | None
    batch_id: str | None
    tenant: str | None
    follow: bool
    until: int | None
    wait: bool
    timeout_s: float | None
    beginning: str
    output: Path | None
    patience_s: float
    as_json: bool

    @property
    def endless(self) -> bool:
        """Whether to wait for more at the end of what there is."""
        return self.follow or self.until is not None

    def fits(self, outcome: Outcome) -> bool:
        """Whether an outcome is wanted."""
        if self.job_id is not None and outcome.job_id != self.job_id:
            return False
        if self.tenant is not None and outcome.tenant != self.tenant:
            return False
        return self.batch_id is None or outcome.batch_id == self.batch_id

    def place(self) -> Beginning:
        """Give where to begin.

        Raises:
            WrongUsage: the options do not go together, or the place is none.
        """
        if self.wait and self.job_id is None:
            raise WrongUsage("--wait needs --job", "for many results give --until N or --follow")
        if self.beginning == "start":
            return "start"
        return "now" if self.beginning == "now" else read(self.beginning)


def carry_out(wish: Wish) -> None:
    """Do what `results` was asked to.

    Raises:
        WrongUsage: options are wrong.
        WorkFailed: the wanted results did not come.
    """
    place, screen = wish.place(), Screen(as_json=wish.as_json)
    with ExitStack() as stack:
        write = stack.enter_context(output_for(wish.output)) if wish.output else None
        asyncio.run(_run(wish, place, screen, named_cluster(), write))


async def _run(wish: Wish, place: Beginning, screen: Screen, cluster: Cluster, write: Write | None) -> None:
    with stop_on_signals() as stop:
        async with opened(cluster) as log:
            feed = await patiently(
                lambda: open_feed(log, cluster.namespace, place),
                cluster=cluster,
                screen=screen,
                patience_s=wish.patience_s,
            )
            following = Following(wish, screen, write, SystemClock())
            with screen.progress("reading results", wish.until or feed.left) as meter:
                await following.run(feed, stop, meter)
            following.conclude(feed)


class Following:
    """One reading of results.

    Args:
        wish: what is wanted.
        screen: where outcomes are shown if they are not written.
        write: adds an outcome to the file, or None.
        clock: for the time-out.
    """

    def __init__(self, wish: Wish, screen: Screen, write: Write | None, clock: Clock) -> None:
        self._wish = wish
        self._screen = screen
        self._write = write
        self._clock = clock
        self._found = 0
        self._timed_out = False

    async def run(self, feed: Feed, stop: asyncio.Event, meter: Meter) -> None:
        """Read until the wish is fulfilled, the time is up, or `stop` is set."""
        last, passed, to_pass = self._clock.monotonic(), 0, feed.left
        while not stop.is_set() and not self._enough():
            outcomes = await feed.next(_POLL_S)
            passed = to_pass - feed.left
            before = self._found
            await self._take(feed, outcomes)
            meter.update(self._found if self._wish.until else passed, note=f"{self._found:,} found")
            if self._found > before:
                last = self._clock.monotonic()
            if not self._wish.endless and feed.left == 0:
                return
            timeout_s = self._wish.timeout_s
            if timeout_s is not None and self._clock.monotonic() - last >= timeout_s:
                self._timed_out = True
                return

    def conclude(self, feed: Feed) -> None:
        """Say how much came and where to go on.

        Raises:
            WorkFailed: what was waited for did not come.
        """
        if self._wish.output is not None:
            self._screen.say(f"wrote {self._found:,} results to {self._wish.output}", "green")
        if not self._wish.job_id:
            self._screen.say(f'{self._found:,} results; go on with --from "{written(feed.place)}"', "dim")
        if self._wish.until is not None and self._found < self._wish.until:
            why = "in time" if self._timed_out else "before the end"
            raise WorkFailed(f"{self._found:,} of {self._wish.until:,} results came {why}")
        if self._wish.job_id is not None and not self._found:
            raise WorkFailed(
                f"job {self._wish.job_id} has no result yet", "--wait waits for it; `headchef explain` says where it is"
            )

    def _enough(self) -> bool:
        return self._wish.until is not None and self._found >= self._wish.until

    async def _take(self, feed: Feed, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if self._wish.fits(outcome) and not self._enough():
                self._found += 1
                self._show(await feed.opened(outcome))

    def _show(self, outcome: Outcome) -> None:
        if self._write is not None:
            self._write(outcome)
        elif self._screen.as_json:
            self._screen.data(outcome_as_json(outcome))
        elif self._wish.job_id is not None:
            self._screen.write(show_outcome(outcome))
        else:
            self._screen.write(one_line(outcome))


def one_line(outcome: Outcome) -> Text:
    """Show an outcome in one line."""
    line = Text(f"{outcome.status.replace('_', ' '):<12} ", STYLES[outcome.status], no_wrap=True, overflow="ellipsis")
    line.append(printable(outcome.job_id or "(no job id)"), style="bold")
    event = outcome.event
    output = body_value(getattr(event, "output", None))
    if isinstance(output, dict):
        output = output.get("title") or next((value for value in output.values() if isinstance(value, str)), "")
    text = str(output or getattr(event, "message", "") or getattr(getattr(event, "failure", None), "message", ""))
    line.append(f"  {dollars(event.cost_usd)}" if hasattr(event, "cost_usd") else "", style="dim")
    return line.append(printable("  " + " ".join(text.split())[:_SHOWN_CHARACTERS]))
