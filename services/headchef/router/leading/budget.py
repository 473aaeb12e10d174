"""What a job, or a step of it, may still spend: what was settled, what is reserved for questions under way. Pure.

A question is begun if what was spent, what is reserved and what it is expected to take itself are within the budget. So
a budget is passed by no more than what questions that had begun take beyond what was expected of them: answers longer
than was expected where they have no limit, failed calls that are billed, prompts of more tokens than were reckoned.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from headchef_contracts.events.common import Ref, Usage
from headchef_contracts.events.steps import Ended, Message, Step

from headchef.catalogue import Catalogue
from headchef.catalogue.form import MOST_IMAGE_TOKENS
from headchef.catalogue.pricing import cost_of
from headchef.pieces import pieces_of
from headchef.router.leading.records import UnitRecord
from headchef.workflow.form import BudgetEntry
from headchef.workflow.progress import Unit

EXPECTED_OUTPUT_TOKENS = 1_000
"""Of an answer without a limit of its own: two pages."""

_BYTES_A_TOKEN = 3
"""Of a text in UTF-8: a Chinese character has three, and English words are longer."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Money and tokens.

    Attributes:
        usd: US dollars; None where they are not known.
        tokens: in and out together.
    """

    usd: Decimal | None = Decimal()
    tokens: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        """Add up; what is not known of one is not known of both."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Spent(usd, self.tokens + other.tokens)


class Reserved:
    """What is expected of questions under way, and its sums, so that one question more costs the same beside many."""

    def __init__(self) -> None:
        self._by_unit: dict[Unit, Spent] = {}
        self._sums: dict[str | None, _Sum] = {}

    @property
    def units(self) -> Collection[Unit]:
        """For which something is reserved."""
        return self._by_unit.keys()

    def reserve(self, unit: Unit, spent: Spent) -> None:
        """Reserve for a unit, in place of what was reserved for it before."""
        self.release(unit)
        self._by_unit[unit] = spent
        for each in (None, unit.step):
            self._sums[each] = self._sums.get(each, _Sum()).with_one(spent)

    def release(self, unit: Unit) -> None:
        """Give back what is reserved for a unit, if anything is."""
        if (spent := self._by_unit.pop(unit, None)) is not None:
            for each in (None, unit.step):
                self._sums[each] = self._sums[each].without_one(spent)

    def but_for(self, unit: Unit, step: str | None = None) -> Spent:
        """Add up what is reserved for all units but one, or for those of a step."""
        found, own = self._sums.get(step, _Sum()), self._by_unit.get(unit)
        return (found if own is None or step not in (None, unit.step) else found.without_one(own)).total


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum from which something can be taken again; money that is not known is counted."""

    usd: Decimal = Decimal()
    unknown: int = 0
    tokens: int = 0

    @property
    def total(self) -> Spent:
        return Spent(None if self.unknown else self.usd, self.tokens)

    def with_one(self, spent: Spent) -> "_Sum":
        unknown = self.unknown + (spent.usd is None)
        return _Sum(self.usd + (spent.usd or 0), unknown, self.tokens + spent.tokens)

    def without_one(self, spent: Spent) -> "_Sum":
        unknown = self.unknown - (spent.usd is None)
        return _Sum(self.usd - (spent.usd or 0), unknown, self.tokens - spent.tokens)


def is_bounded(budget: BudgetEntry | None) -> bool:
    """Say whether a budget bounds money or tokens."""
    return budget is not None and (budget.usd is not None or budget.tokens is not None)


def expected_of(step: Step, catalogue: Catalogue) -> Spent:
    """Say what a question is expected to take, if it is answered at once.

    Args:
        step: as it is planned.
        catalogue: has the model, perhaps its price, and perhaps the longest answer that it gives.
    """
    model = catalogue.models.get(step.request.model)
    an_image = model.image_tokens if model else MOST_IMAGE_TOKENS
    given = sum(_tokens_of(message, an_image) for message in step.request.messages)
    limits = (step.request.parameters.max_output_tokens, model.max_output_tokens if model else None)
    known = [limit for limit in limits if limit is not None]
    made = step.request.parameters.max_output_tokens or min([EXPECTED_OUTPUT_TOKENS, *known])
    usage = Usage(input_tokens=given, output_tokens=made)
    return Spent(cost_of(usage, model.prices if model else None), given + made)


def _tokens_of(message: Message, an_image: int) -> int:
    """Reckon a message; of an image that nobody here has looked at, and of a text that lies elsewhere, the most."""
    content = message.content
    if isinstance(content, Ref):
        said = -(-content.ref.bytes // _BYTES_A_TOKEN)
    else:
        said = pieces_of(content.inline) if isinstance(content.inline, str) else 0
    return said + len(message.images) * an_image


def settled(record: UnitRecord) -> Spent:
    """Say what was spent on a unit that has ended; where its cost is not known, what is reckoned for it."""
    usd = record.reckoned_usd if record.cost_usd is None else record.cost_usd
    return Spent(usd, record.usage.input_tokens + record.usage.output_tokens)


def reckoned(step: Step, ended: Ended, catalogue: Catalogue) -> Decimal | None:
    """Say what counts for a step whose cost is not known: what is known of its plans, and what others would take.

    Returns:
        US dollars; None where the cost is known, or nothing was expected, as the model has no price.
    """
    if ended.cost_usd is not None:
        return None
    each = expected_of(step, catalogue).usd
    if each is None:
        return None
    known = [tried.cost_usd for tried in step.tried if tried.cost_usd is not None]
    return sum(known, Decimal()) + each * (1 + len(step.tried) - len(known))


def total_of(spent: Iterable[Spent]) -> Spent:
    """Add up."""
    return sum(spent, Spent())


def excess(budget: BudgetEntry, spent: Spent, wanted: Spent) -> str | None:
    """Say why something is not begun; None if it is within the budget.

    Args:
        budget: that bounds it.
        spent: what was settled, and what is reserved.
        wanted: what it would take.
    """
    total = spent + wanted
    if budget.tokens is not None and total.tokens > budget.tokens:
        return (
            f"{spent.tokens:,} tokens are spent or reserved of {budget.tokens:,}, and {wanted.tokens:,} more are needed"
        )
    if budget.usd is None:
        return None
    if spent.usd is None:
        return f"{budget.usd} USD may be spent, and what a call has cost is not known, as its model has no price"
    if wanted.usd is None:
        return f"{budget.usd} USD may be spent, and the catalogue has no price for the model that is to be asked"
    if spent.usd + wanted.usd > budget.usd:
        # How many zeros a sum ends with is up to what it was made of, and a job that is made anew says the same.
        so_far = f"{spent.usd.normalize():f}"
        return f"{so_far} USD are spent or reserved of {budget.usd}, and some {wanted.usd} more are needed"
    return None
