"""Accounts that refuse every call for a while, in some worlds, and how often executors may try meanwhile."""

from dataclasses import dataclass
from math import log2
from random import Random
from typing import Any, NamedTuple

from tests.simulation.loop import Life

_WORLDS = 0.25
_WITHIN_S, _LAST_S = 5.0, (0.5, 4.0)
_TOLERANCE = 1e-6

_ENOUGH = 2
"""Refusals in a row after which a process must know."""

_UNKNOWN_S = 1.0
"""After a freeze, and while other answers come too, nobody outside can tell for so long what a process knows."""


class Refusal(NamedTuple):
    """What a provider says while it refuses.

    Attributes:
        status: of HTTP.
        message: in its words.
        code: likewise.
    """

    status: int
    message: str
    code: str

    @property
    def body(self) -> dict[str, Any]:
        """Give the body of the response."""
        return {"error": {"message": self.message, "code": self.code}}


_OF_THE_ACCOUNT = (
    Refusal(401, "Incorrect API key provided", "invalid_api_key"),
    Refusal(402, "no credit is left", "payment_required"),
    Refusal(429, "You exceeded your current quota", "insufficient_quota"),
)
_OF_THE_MODEL = Refusal(404, "The model does not exist", "model_not_found")


class Asked(NamedTuple):
    """What a call is about: an account's host, and the model by the provider's name, or any as None."""

    host: str
    model: str | None


@dataclass(frozen=True, slots=True)
class _Spell:
    asked: Asked
    refusal: Refusal
    from_s: float
    to_s: float


@dataclass(slots=True)
class _Known:
    """What a process has been told.

    Attributes:
        first_s: when it was refused first: other calls that failed may have been all that was wanting.
        in_a_row: refusals without another answer.
        latest_s: when the last of those calls began.
        let_in_s: when the last call began that got another answer: what began before says nothing any more.
        open_s: when there were enough of them.
        calls: that it has begun nevertheless.
    """

    first_s: float
    in_a_row: int = 0
    latest_s: float = 0.0
    let_in_s: float = 0.0
    open_s: float = 0.0
    calls: int = 0


class Refusals:
    """The spells of one world.

    Args:
        chance: whether there are any, when, and which.
        models: all that can be asked, each with its host.

    Attributes:
        strays: calls that a process should not have begun, in words.
    """

    def __init__(self, chance: Random, models: list[Asked]) -> None:
        self.strays: list[str] = []
        self._known: dict[tuple[Life | None, Asked], _Known] = {}
        self._spells = (
            [_drawn(chance, models) for _ in range(chance.randint(1, 2))] if chance.random() < _WORLDS else []
        )

    def heal(self) -> None:
        """Refuse nothing from now on."""
        self._spells = []

    def at(self, asked: Asked, now_s: float) -> tuple[Asked, Refusal] | None:
        """Give what a call that begins now is refused for, and with what words; None if it is not."""
        for spell in self._spells:
            if spell.asked in (asked, asked._replace(model=None)) and spell.from_s <= now_s < spell.to_s:
                return spell.asked, spell.refusal
        return None

    def begun(self, life: Life | None, asked: Asked, now_s: float) -> None:
        """Look at a call when it begins: who knows better tries after 1 s, after 2 more, after 4 more, and so on."""
        if life is not None and life.thawed_s and now_s - life.thawed_s < _UNKNOWN_S:
            return
        for about in (asked, asked._replace(model=None)):
            known = self._known.get((life, about))
            if known is None or known.in_a_row < _ENOUGH or now_s <= known.open_s:
                continue
            known.calls += 1
            if known.calls > log2(now_s - known.first_s + 1) + _TOLERANCE:
                self.strays.append(
                    f"{life.name if life else 'nobody'} calls {about} for the {known.calls}th time"
                    f" since it was refused {_ENOUGH} times, {now_s - known.first_s:.3f} s after the first"
                )

    def told(self, life: Life | None, asked: Asked, about: Asked | None, began_s: float, now_s: float) -> None:
        """Note what a process was told of a call.

        Args:
            life: of the process.
            asked: what the call was about.
            about: what is refused; None for another answer.
            began_s: when the call began: before there were enough refusals its answer says nothing, unless those
                that were refused began still earlier.
            now_s: the time.
        """
        for each in (asked, asked._replace(model=None)):
            known = self._known.setdefault((life, each), _Known(now_s))
            if each == about:
                if known.in_a_row == 0 and now_s - known.first_s > _UNKNOWN_S:
                    known.first_s = now_s
                if began_s <= known.let_in_s:
                    continue
                known.in_a_row += 1
                known.latest_s = max(known.latest_s, began_s)
                if known.in_a_row == _ENOUGH:
                    known.open_s, known.calls = now_s, 0
                continue
            known.let_in_s = max(known.let_in_s, began_s)
            if known.in_a_row < _ENOUGH or began_s >= known.open_s or began_s > known.latest_s:
                known.in_a_row, known.latest_s = 0, 0.0


def _drawn(chance: Random, models: list[Asked]) -> _Spell:
    asked, from_s = chance.choice(models), chance.uniform(0, _WITHIN_S)
    to_s = from_s + chance.uniform(*_LAST_S)
    if chance.random() < 0.3:
        return _Spell(asked, _OF_THE_MODEL, from_s, to_s)
    return _Spell(asked._replace(model=None), chance.choice(_OF_THE_ACCOUNT), from_s, to_s)
