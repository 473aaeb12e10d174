"""Shows amounts to people: of money and of time."""

from decimal import Decimal


def dollars(cost: Decimal | None) -> str:
    """Show an amount: `$0.0012`, or `cost unknown`."""
    if cost is None:
        return "cost unknown"
    return f"${cost:.4f}" if cost >= Decimal("0.0001") or not cost else f"${cost:.7f}".rstrip("0")


def duration(seconds: float) -> str:
    """Show a time: `12 ms`, `1.25 s`, `2 min 5 s`, `3 h 4 min` or `2 d 3 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.2f} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3_600), int(seconds // 86_400)
    if hours < 2:
        return f"{minutes} min {int(seconds % 60)} s"
    return f"{hours} h {minutes % 60} min" if days < 2 else f"{days} d {hours % 24} h"
