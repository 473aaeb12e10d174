"""Decides about reviews of a run on this machine: by asking at the terminal, or as an option says."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from headchef.checks import in_short
from headchef.cli.faults import WrongUsage
from headchef.cli.reviewing.documents import edited, shown
from headchef.cli.workflows.decider import Decider
from headchef.workflow.progress import Came, Judge, Lost, Outcome, Review

_REJECTED = "review_rejected"
_QUESTION = "approve, reject [WHY], edit FILE, or skip: what holds if nobody decides? "


class Reviewing(Protocol):
    """Who decides."""

    async def decide(self, review: Review) -> Outcome:
        """Decide about a document."""
        ...


class Always:
    """Decides about all documents alike, at once.

    Args:
        decider: says how; not `ask`.
    """

    def __init__(self, decider: Decider) -> None:
        self._decider = decider

    async def decide(self, review: Review) -> Outcome:
        """Approve, reject, or let hold what holds if nobody decides."""
        match self._decider:
            case Decider.APPROVE:
                return Came(review.document)
            case Decider.REJECT:
                return Lost(_REJECTED, "--reviews reject rejects it")
            case _:
                return review.in_silence


class AtTerminal:
    """Asks about one document after the other.

    Args:
        line: reads a line; empty at the end of input.
        say: shows a text.
        judge: holds documents against schemas and checks.
    """

    def __init__(self, line: Callable[[], Awaitable[str]], say: Callable[[str], None], judge: Judge) -> None:
        self._line = line
        self._say = say
        self._judge = judge
        self._one = asyncio.Lock()

    async def decide(self, review: Review) -> Outcome:
        """Show the document, and ask until there is an answer that can be taken."""
        async with self._one:
            self._say(
                f"{review.unit}: {review.otherwise.replace('_', ' ')} if nobody decides\n{shown(review.document)}"
            )
            while True:
                self._say(_QUESTION)
                answer = await self._line()
                if not answer:
                    return review.in_silence
                if (outcome := self._taken(answer.strip(), review)) is not None:
                    return outcome

    def _taken(self, answer: str, review: Review) -> Outcome | None:
        word, _, rest = answer.partition(" ")
        match word.lower():
            case "a" | "approve":
                return self._good(review.document, review)
            case "e" | "edit":
                try:
                    return self._good(edited(rest.strip(), review.document), review)
                except WrongUsage as wrong:
                    self._say(wrong.message)
                    return None
            case "r" | "reject":
                return Lost(_REJECTED, f"rejected: {rest.strip()}" if rest.strip() else "rejected")
            case "s" | "skip":
                return review.in_silence
            case _:
                return None

    def _good(self, document: Any, review: Review) -> Outcome | None:
        if findings := self._judge.findings(document, review.schema, review.checks):
            self._say(f"it does not pass: {in_short(findings)}")
            return None
        return Came(document)


async def typed_line() -> str:
    """Read a line from standard input, while all else goes on; empty at its end."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
        # A terminal gives whole lines.
        return sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin.fileno())


def reviewing(decider: Decider | None, say: Callable[[str], None], judge: Judge) -> Reviewing:
    """Give who decides.

    Args:
        decider: as an option says; None: ask where there is somebody, and else let hold what holds if nobody decides.
        say: shows a text.
        judge: holds documents against schemas and checks.

    Raises:
        WrongUsage: somebody is to be asked, and nobody is there.
    """
    somebody = sys.stdin.isatty() and sys.stderr.isatty()
    if decider is Decider.ASK and not somebody:
        raise WrongUsage("--reviews ask: there is nobody to ask here", "give otherwise, approve or reject")
    if decider is Decider.ASK or (decider is None and somebody):
        return AtTerminal(typed_line, say, judge)
    return Always(decider or Decider.OTHERWISE)
