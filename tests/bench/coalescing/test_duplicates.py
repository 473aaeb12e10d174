"""The comparison of duplicates, small: all but them go on at once, and nobody waits behind them."""

from tests.bench.coalescing.duplicates import Amounts, duplicates
from tests.bench.coalescing.telling import told


def test_what_is_not_equal_goes_on_while_others_wait_for_an_hour() -> None:
    figures = duplicates(Amounts(steps=400, duplicates=8, probes=6))
    assert figures["coalescing.duplicates.sent"] == 392
    assert figures["coalescing.duplicates.hours"] >= 1
    assert figures["coalescing.duplicates.p99_ms"] < 500
    assert "The other 392 went on at once." in " ".join(told(figures).split())
