"""Tells what became of decisions, and how the command ends."""

from collections.abc import Sequence
from typing import Any

from headchef_contracts.events.reviews import ReviewClosed, ReviewDecided

from headchef.cli.faults import NotInTime, WorkFailed
from headchef.cli.reviewing.reading import unit_of
from headchef.cli.reviewing.sending import Answer
from headchef.cli.screen import Screen

DONE = {"approve": "approved", "edit": "edited", "reject": "rejected"}
"""What a document is, by the verdict."""


def conclude(commands: Sequence[ReviewDecided], answers: dict[str, Answer], screen: Screen) -> None:
    """Tell what became of decisions.

    Raises:
        NotInTime: some were not answered.
        WorkFailed: all were, and some have changed nothing.
    """
    refused = waiting = 0
    for command in commands:
        answer = answers.get(command.command_id)
        taken = isinstance(answer, ReviewClosed)
        waiting += answer is None
        refused += answer is not None and not taken
        unit = f"{command.job_id} {unit_of(command.step_id, command.item)}"
        if screen.as_json:
            screen.data(_told(command, answer))
        elif taken:
            screen.say(f"{unit}: {DONE[command.verdict]}", "green")
        elif answer is None:
            screen.say(f"{unit}: no answer yet", "yellow")
        elif not isinstance(answer, ReviewClosed):
            screen.say(f"{unit}: {answer.reason.replace('_', ' ')}: {answer.message}", "red")
    if waiting:
        what = "1 decision has" if waiting == 1 else f"{waiting:,} decisions have"
        hint = "they are kept for 7 days, and count if they are read before the reviews are due: is the router running?"
        raise NotInTime(f"{what} no answer yet", hint)
    if refused:
        raise WorkFailed("1 decision changed nothing" if refused == 1 else f"{refused:,} decisions changed nothing")


def _told(command: ReviewDecided, answer: Answer | None) -> dict[str, Any]:
    refused = None if answer is None or isinstance(answer, ReviewClosed) else answer
    return {
        "job_id": command.job_id,
        "step": command.step_id,
        "item": command.item,
        "command_id": command.command_id,
        "taken": None if answer is None else isinstance(answer, ReviewClosed),
        "reason": None if refused is None else refused.reason,
        "message": None if refused is None else refused.message,
        "findings": [] if refused is None else [each.model_dump() for each in refused.findings],
    }
