"""Says in words what was measured of equal questions."""

from collections.abc import Mapping
from textwrap import fill

_CROWD = """
- **{jobs:,.0f} equal jobs at once cost {calls:,.0f} {word}.** {waited:,.0f} of them waited for the answer, and all had
their results {rest_s:.1f} s after it. A job took {cpu_us_per_job:,.0f} µs of processor time, of all services together.
"""

_DUPLICATES = """
- **Of {steps:,.0f} bulk steps {waiting:,.0f} ask what another one is asking, which is answered after {hours:.1f}
hours.** The other {sent:,.0f} went on at once. A step that came meanwhile went on after {p50_ms:.0f} ms (p50) and
{p99_ms:.0f} ms (p99), and all that waited were answered {answered_s:.1f} s after the verdicts.
"""


def told(figures: Mapping[str, float]) -> str:
    """Write the figures as a Markdown list: of the crowd, and of duplicates, as far as they were measured."""
    items = []
    if crowd := _of("crowd", figures):
        items.append(_CROWD.format(word="call" if crowd["calls"] == 1 else "calls", **crowd))
    if late := _of("duplicates", figures):
        items.append(_DUPLICATES.format(**late))
    return "\n".join(fill(" ".join(each.split()), 120, subsequent_indent="  ") for each in items)


def _of(part: str, figures: Mapping[str, float]) -> Mapping[str, float]:
    prefix = f"coalescing.{part}."
    return {name.removeprefix(prefix): figure for name, figure in figures.items() if name.startswith(prefix)}
