"""Shows amounts to people: of money and of time."""

from decimal import Decimal


def dollars(cost: Decimal | None) -> str:
    """Show an amount: `$0.0012`, or `cost unknown`."""
    if cost is None:
        return "cost unknown"
    return f"${cost:.4f}" if cost >= Decimal("0.0001") or not cost else f"${cost:.7f}".rstrip("0")


def duration(seconds: float) -> str:
    """Show a time: `12 ms`, `1.25 s` or `2 min 5 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 120 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
