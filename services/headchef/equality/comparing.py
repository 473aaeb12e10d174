"""Compares two answers as a question asks for it, and says who has decided."""

from dataclasses import dataclass

from headchef_contracts.events.common import Body, Inline
from headchef_contracts.events.semantic import Comparison

from headchef.equality.asked import read_judge
from headchef.equality.errors import BadJudge
from headchef.equality.port import Different, Instruments, Opinion, Same
from headchef.equality.registry import Registry

_OUT_OF_REACH = "an answer is too large to be compared: it does not lie in its event"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a comparison.

    Attributes:
        opinion: the same, different, or not known for now; only the last is no label to learn from.
        judge: who has decided, with its version and what it used, such as `fields/1`.
        may_ask: whether that judge has a model asked about other pairs.
    """

    opinion: Opinion
    judge: str
    may_ask: bool = False


class Judges:
    """Compares by the judges that there are.

    Args:
        registry: has them.
        instruments: what they may use.
    """

    def __init__(self, registry: Registry, instruments: Instruments) -> None:
        self._registry = registry
        self._instruments = instruments

    async def compare(self, comparison: Comparison, one: Body, other: Body) -> Judged:
        """Say whether one answer would have done in place of another.

        A judge that is not there, cannot be used or fails itself has not found that the answers are the same: then they
        count as different, so that no answer is reused on the word of a broken judge.

        Args:
            comparison: who is to judge, and how.
            one: output of an answer: the text as the model wrote it.
            other: likewise, of another answer to a question of the same kind.
        """
        try:
            judge = read_judge(comparison, self._registry)
        except BadJudge as bad:
            return Judged(Different(f"the judge cannot be used: {bad}"), comparison.judge)
        used = judge.uses(self._instruments)
        name = f"{comparison.judge}/{judge.version}" + (f" by {used}" if used else "")
        if not (isinstance(one, Inline) and isinstance(other, Inline)):
            return Judged(Same() if one == other else Different(_OUT_OF_REACH), name, judge.may_ask)
        try:
            opinion = await judge.same(str(one.inline), str(other.inline), self._instruments)
        except Exception as error:  # noqa: BLE001 - a user's own judge may fail in any way.
            opinion = Different(f"the judge itself failed: {type(error).__name__}: {error}"[:500])
        return Judged(opinion, name, judge.may_ask)
