"""What must hold of every flood, however large: nothing lost, and memory and what is in flight stay what they are."""

from collections.abc import Iterator

from tests.overload.flood import Flood, Outcome

MAX_MB = 400.0
"""Of each process. Measured are 70 to 160 at 60,000 jobs: its buffers, which are full in seconds, and the router's
state, which 200,000 jobs would bring to 300."""

ROUTER_KB_A_JOB = 1.2
"""What the router remembers of each job that it has accepted in the last seven days; measured are 1.1."""

MAX_GROWTH = 1.5
"""Of memory and of latency in flight, from a flood to one that is ten times as large. The smaller
flood must fill the buffers too, for which it takes some 20,000 jobs."""


def faults(outcome: Outcome) -> Iterator[str]:
    """Say what is wrong with one flood."""
    if outcome.results != {"ok": outcome.jobs} or outcome.missing or outcome.repeated:
        yield f"{outcome.results}, {outcome.missing} missing, {outcome.repeated} repeated, of {outcome.jobs} jobs"
    if outcome.calls != outcome.jobs:
        yield f"{outcome.calls} calls for {outcome.jobs} jobs"
    for name, peak_mb in outcome.peak_mb.items():
        if peak_mb > MAX_MB:
            yield f"{name} had {peak_mb:.0f} MB, more than {MAX_MB:.0f}"
    if outcome.in_flight_p50_s > outcome.in_all_p50_s / 2:
        yield f"jobs waited in processes for {outcome.in_flight_p50_s:.1f} s, of {outcome.in_all_p50_s:.1f} s in all"


def growth(smaller: tuple[Flood, Outcome], larger: tuple[Flood, Outcome]) -> Iterator[str]:
    """Say what has grown with the backlog that must not."""
    before, after = smaller[1], larger[1]
    for name, peak_mb in after.peak_mb.items():
        state_mb = ROUTER_KB_A_JOB / 1024 * (after.jobs - before.jobs) if name.startswith("router") else 0.0
        if peak_mb > MAX_GROWTH * before.peak_mb[name] + state_mb:
            yield f"{name} grew from {before.peak_mb[name]:.0f} to {peak_mb:.0f} MB"
    if after.in_flight_p95_s > MAX_GROWTH * before.in_flight_p95_s:
        yield f"p95 in flight grew from {before.in_flight_p95_s:.2f} to {after.in_flight_p95_s:.2f} s"
