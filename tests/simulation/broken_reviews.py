"""Ways to break what is promised where people are asked."""

from dataclasses import replace
from typing import Any

import pytest

from headchef.router.leading import asking_people, deciding, led, reviews


def edits_not_checked(patch: pytest.MonkeyPatch) -> None:
    decide = deciding.of_command

    def wrong(command: Any, review: Any, due: Any, decided: Any, judge: Any) -> Any:
        return decide(command, replace(review, checks=()), due, decided, judge)

    patch.setattr(reviews, "of_command", wrong)


def asked_anew_by_who_goes_on(patch: pytest.MonkeyPatch) -> None:
    recall = led.Led.recall

    def wrong(self: Any, state: Any) -> None:
        recall(self, state)
        self.asked = dict.fromkeys(self.asked, self.record.at)

    patch.setattr(led.Led, "recall", wrong)


def silence_taken_for_consent(patch: pytest.MonkeyPatch) -> None:
    silence = deciding.of_silence

    def wrong(*about: Any) -> Any:
        came = silence(*about)
        told = None if came.review is None else came.review.model_copy(update={"by": "nobody"})
        return came.model_copy(update={"review": told})

    patch.setattr(reviews, "of_silence", wrong)


def decided_again(patch: pytest.MonkeyPatch) -> None:
    """Let a second decision be told as the first was."""
    close = asking_people.AskingPeople.close

    def wrong(self: Any, turn: Any, *about: Any) -> None:
        close(self, turn, *about)
        turn.outputs.append(replace(turn.outputs[-1], identity=None))

    patch.setattr(asking_people.AskingPeople, "close", wrong)


def deadlines_not_rung(patch: pytest.MonkeyPatch) -> None:
    ask = asking_people.AskingPeople.ask

    def wrong(self: Any, turn: Any, review: Any) -> Any:
        works = ask(self, turn, review)
        turn.timers.clear()
        return works

    patch.setattr(asking_people.AskingPeople, "ask", wrong)
