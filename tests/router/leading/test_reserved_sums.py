"""What is reserved for questions under way: its sums are those of all of it, in whatever order that came and went."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from headchef.router.leading.budget import Reserved, Spent, excess, total_of
from headchef.workflow.form import BudgetEntry
from headchef.workflow.progress import Unit

UNITS = [Unit("first"), *(Unit(step, item) for step in ("parts", "ends") for item in "abc")]
SPENT = st.builds(
    Spent,
    st.none() | st.decimals(0, 1_000, places=8).map(lambda usd: usd.normalize()),
    st.integers(0, 100_000),
)


@given(st.lists(st.tuples(st.sampled_from(UNITS), st.none() | SPENT)), st.sampled_from(UNITS))
def test_the_sums_are_those_of_all_that_is_reserved(changes: list[tuple[Unit, Spent | None]], but: Unit) -> None:
    reserved, naive = Reserved(), dict[Unit, Spent]()
    for unit, spent in changes:
        if spent is None:
            reserved.release(unit)
            naive.pop(unit, None)
        else:
            reserved.reserve(unit, spent)
            naive[unit] = spent
    assert set(reserved.units) == set(naive)
    assert reserved.but_for(but) == total_of(each for unit, each in naive.items() if unit != but)
    for step in ("first", "parts", "ends", "none"):
        of_step = (each for unit, each in naive.items() if unit != but and unit.step == step)
        assert reserved.but_for(but, step) == total_of(of_step)


def test_what_is_said_of_a_sum_does_not_depend_on_what_came_and_went() -> None:
    reserved = Reserved()
    for unit, usd in zip(UNITS, ("10", "0.0000001"), strict=False):
        reserved.reserve(unit, Spent(Decimal(usd)))
    reserved.release(UNITS[1])
    said = excess(BudgetEntry(usd=Decimal(10)), reserved.but_for(UNITS[1]), Spent(Decimal("0.5")))
    assert said == "10 USD are spent or reserved of 10, and some 0.5 more are needed"
