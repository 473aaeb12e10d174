"""Says why a job has no good answer, and counts the most frequent reasons of a batch. Pure.

What is kept of a batch is bounded, however many kinds of reasons there are: one that is new takes the place, and the
count, of the rarest (Metwally, Agrawal and El Abbadi, Efficient Computation of Frequent and Top-k Elements in Data
Streams, 2005). So a frequent one is always among them, with a count that is never too small.
"""

import re
from collections.abc import Iterator, Sequence

from headchef_contracts.events.batches import (
    MAX_REASON_TEXT,
    MAX_REASONS_OF_A_BATCH,
    MAX_REASONS_OF_A_JOB,
    CountedReason,
    Reason,
)
from headchef_contracts.events.jobs import JobFinished

_place_in_an_array = re.compile(r"/[0-9]+(?=/|$)")


def reasons_of(event: JobFinished) -> tuple[Reason, ...]:
    """Say why a job was rejected or failed: each kind of reason once, the first few; none for any other."""
    if event.status not in ("rejected", "failed"):
        return ()
    kinds: dict[object, Reason] = {}
    for each in _all_of(event):
        kinds.setdefault(_kind(each), each)
    return tuple(kinds.values())[:MAX_REASONS_OF_A_JOB]


def with_reasons(kept: Sequence[CountedReason], of_job: Sequence[Reason]) -> tuple[CountedReason, ...]:
    """Count what one more job has.

    Args:
        kept: of the batch until now.
        of_job: each of another kind.

    Returns:
        Those of the batch, the most frequent first; where two are alike, the one that came first.
    """
    kinds = {_kind(each): each for each in kept}
    for reason in of_job:
        known = kinds.get(_kind(reason))
        if known is not None:
            kinds[_kind(reason)] = known.model_copy(update={"jobs": known.jobs + 1})
            continue
        replaced = 0
        if len(kinds) >= MAX_REASONS_OF_A_BATCH:
            rarest = min(reversed(kinds), key=lambda kind: kinds[kind].jobs)
            replaced = kinds.pop(rarest).jobs
        kinds[_kind(reason)] = CountedReason(**reason.model_dump(), jobs=replaced + 1, doubtful=replaced)
    return tuple(sorted(kinds.values(), key=lambda each: -each.jobs))


def in_words(reason: Reason) -> str:
    """Name a reason: `chars at /title`, or `timeout`."""
    name = reason.check or reason.failure or "unknown"
    return f"{name} at {reason.path}" if reason.path else name


def cut(text: str, characters: int) -> str:
    """Give a text with at most so many characters."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _all_of(event: JobFinished) -> Iterator[Reason]:
    if event.failure is not None:
        yield Reason(failure=event.failure.reason, message=cut(event.failure.message, MAX_REASON_TEXT))
    for finding in event.findings:
        yield Reason(
            check=cut(finding.check, MAX_REASON_TEXT),
            path=cut(_place_in_an_array.sub("/*", finding.path), MAX_REASON_TEXT),
            message=cut(finding.message, MAX_REASON_TEXT),
        )


def _kind(reason: Reason) -> tuple[str | None, str | None, str]:
    return reason.check, reason.failure, reason.path
