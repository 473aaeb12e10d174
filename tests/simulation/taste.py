"""What jobs want of their answers and how soon, which answers are not so, and what is wrong with those; no chance."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

from headchef.equality.quoting import unquoted

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}
"""Of the answers that are to have a form."""

SOUR = "sour"
"""A word that every third answer says, and that some jobs do not want to read."""

_SOUR_EVERY, _MISSHAPEN_EVERY, _BLANK_EVERY = 3, 5, 11

_SOON_S = (0.8, 1.2, 1.6)
"""After a job was submitted: while its first call goes on, or some time before or after that."""

_A_JOB_S = 0.1
"""From one job to the next, as worlds go."""

Wrong = Literal["empty", "json", "schema", "banned_terms"]
"""The check that an answer breaks first."""


def wanted_by(number: int, *, of_form: bool) -> dict[str, Any]:
    """Give what a job wants of its answer: every other one has checks, and half of those have repairs.

    Args:
        number: of the job.
        of_form: whether the answer is to have a form.

    Returns:
        The job's `output`; empty where any answer will do.
    """
    checks = [{"check": "banned_terms", "terms": [SOUR], **({"path": "title"} if of_form else {})}]
    demands: list[dict[str, Any]] = [{}, {"checks": checks, "repairs": 1 + number % 3}, {}, {"checks": checks}]
    return ({"schema": SCHEMA} if of_form else {}) | demands[number % len(demands)]


def wanted_after(number: int) -> float | None:
    """Say how soon a job wants its answer, as few of those with repairs do: some are late when it is rejected.

    Args:
        number: of the job.

    Returns:
        Seconds of the world; None if any time will do.
    """
    times, left = divmod(number, 16)
    return number * _A_JOB_S + _SOON_S[times % len(_SOON_S)] if left == 5 else None


def taste_of(call: int) -> str:
    """Give what the answer to a call says besides, by its number."""
    return f" {SOUR}" if call % _SOUR_EVERY == 0 else ""


def said_to(call: int, words: str, *, of_form: bool) -> str:
    """Give the answer to a call: mostly its words, in the form that was asked for; some are blank, or have another.

    Args:
        call: its number.
        words: that are to be said.
        of_form: whether a form was asked for.
    """
    if call % _BLANK_EVERY == 0:
        return " \n"
    if not of_form:
        return words
    if call % _MISSHAPEN_EVERY == 0:
        return words if call % 2 else orjson.dumps({"titel": words}).decode()
    return orjson.dumps({"title": words}).decode()


def broken_by(output: Mapping[str, Any], said: str) -> Wrong | None:
    """Say what is wrong with an answer; None if nothing is. It shares no code with the validator.

    Args:
        output: what its job wants.
        said: the answer.
    """
    if not said.strip():
        return "empty"
    if "schema" in output:
        try:
            value = orjson.loads(said)
        except orjson.JSONDecodeError:
            return "json"
        if not (isinstance(value, dict) and value.keys() == {"title"} and isinstance(value["title"], str)):
            return "schema"
    return "banned_terms" if "checks" in output and SOUR in said else None


def judged(prompt: str) -> str | None:
    """Give the verdict on the two answers that a prompt shows: the same unless one alone is sour; else None."""
    answers = unquoted(prompt)
    if answers is None:
        return None
    same = (SOUR in answers[0]) == (SOUR in answers[1])
    return orjson.dumps({"same": same, "why": "both are so" if same else "one alone is sour"}).decode()
