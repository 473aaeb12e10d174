"""Says in a line what is wrong with an output."""

from collections.abc import Sequence

from headchef_contracts.events.common import Finding


def in_short(findings: Sequence[Finding]) -> str:
    """Give the first finding in words, and how many more there are.

    Args:
        findings: at least one.
    """
    first, *others = findings
    where = f"{first.path} " if first.path else ""
    return f"{first.check}: {where}{first.message}" + (f" (and {len(others)} more)" if others else "")
