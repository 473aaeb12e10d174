"""Writes the one result of a job that went through a workflow. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain, islice
from typing import Any, get_args

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Decided, Finding, Inline
from headchef_contracts.events.jobs import Failure, FailureReason, JobFinished, Provenance, Timing
from headchef_contracts.events.origin import MAX_REVIEWS, MAX_SOURCES, MAX_TEXTS, Reviewed, SourceUsed, TextUsed

from headchef.canonical import canonical
from headchef.result import total
from headchef.router.leading.accounts import accounts_of
from headchef.router.leading.led import Led
from headchef.router.leading.records import UnitRecord
from headchef.workflow.progress import Ending, Lost

MAX_OUTPUT_BYTES = 3_000_000
"""Of the output as JSON, where no store takes it: with all else the result must fit into the 4 MiB of its topic."""

MAX_FINDINGS_BYTES = 500_000
"""Of a result's findings, one for each item that was lost: some thousands."""

_LONGEST_FINDING = 500
_AROUND_BYTES = 60
"""Of a finding's JSON around its values."""

_REASONS = frozenset(get_args(FailureReason)) - {"rejected"}


def result_of(led: Led, *, at: datetime, decided: Decided) -> JobFinished:
    """Write the result of a job that is over.

    Args:
        led: the job.
        at: the time.
        decided: from what.
    """
    record, units = led.record, led.records()
    came = total(units)
    ending = _fitting(led.progress.ending, led.at_hand.max_bytes or MAX_OUTPUT_BYTES)
    asked = [unit for unit in units if unit.models and unit.run is None]
    what = record.content
    return JobFinished(
        job=record.head,
        status=ending.status,
        output=None if ending.status in ("failed", "cancelled") else Inline(inline=ending.output),
        findings=(*_told(ending.findings), *_cheaper(led)),
        failure=_failure(ending) if ending.status in ("failed", "cancelled") else None,
        usage=came.usage,
        cost_usd=came.cost_usd,
        cache=CacheUse(kind="exact" if asked and all(unit.reused for unit in asked) else "miss"),
        provenance=Provenance(
            prompt_sha256=what,
            fingerprint=sha256(canonical([record.head.tenant, what])).hexdigest(),
            model=None,
            catalog_version=decided.catalog_version,
            attempts=came.attempts,
            workflow=record.workflow,
            sources=tuple(islice(map(_used, (unit for unit in units if unit.source is not None)), MAX_SOURCES)),
            reviews=tuple(islice(_reviewed(units), MAX_REVIEWS)),
            texts=tuple(islice(chain.from_iterable(map(_given, units)), MAX_TEXTS)),
            steps=accounts_of(units),
        ),
        timing=Timing(submitted_at=record.head.submitted_at, finished_at=at, provider_s=came.provider_s),
        decided=decided,
    )


def _told(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Give as many findings as there is room for, none of them long, and say how many more there are."""
    room = MAX_FINDINGS_BYTES
    for number, finding in enumerate(findings):
        message = finding.message
        if len(message) > _LONGEST_FINDING:
            message = f"{message[:_LONGEST_FINDING]}…"
        room -= len(canonical([finding.check, finding.path, message])) + _AROUND_BYTES
        if room < 0:
            more = f"{len(findings) - number:,} findings more have no room here; `headchef explain` shows each step"
            yield Finding(check="more", path="", message=more)
            return
        yield finding if message is finding.message else finding.model_copy(update={"message": message})


def _cheaper(led: Led) -> tuple[Finding, ...]:
    """Say that the rest of a job was asked of the cheapest models, if it was."""
    cheaper = led.record.cheaper
    if cheaper is None:
        return ()
    return (Finding(check="budget_exceeded", path="", message=f"the cheapest models did the rest: {cheaper.why}"),)


def _reviewed(units: Iterable[UnitRecord]) -> Iterator[Reviewed]:
    for unit in units:
        if unit.review is not None:
            told = unit.review.model_dump(include={"outcome", "by", "because"})
            yield Reviewed(step_id=unit.step_id, item=unit.item, at=unit.review.at or unit.at, **told)


def _used(unit: UnitRecord) -> SourceUsed:
    if unit.source is None:
        raise AssertionError("asked for the source of what has none")
    source = unit.source
    return SourceUsed(
        step_id=unit.step_id,
        item=unit.item,
        address=source.address,
        sha256=source.sha256,
        size_bytes=source.size_bytes,
    )


def _given(unit: UnitRecord) -> Iterator[TextUsed]:
    """Give the texts that a unit was given, if it looked for any."""
    if unit.found is not None:
        for text in unit.found.texts:
            yield TextUsed(
                step_id=unit.step_id,
                item=unit.item,
                collection=unit.found.collection,
                id=text.id,
                sha256=text.sha256,
            )


def _fitting(ending: Ending | None, most: int) -> Ending:
    if ending is None:
        raise AssertionError("the result of a job is written when it has ended")
    if (size := _size(ending.output)) <= most:
        return ending
    message = f"the output has {size:,} bytes; a result takes at most {most:,}"
    return Ending("failed", why=Lost("too_large", message), findings=ending.findings)


def _size(output: Any) -> int:
    return 0 if output is None else len(canonical(output))


def _failure(ending: Ending) -> Failure:
    """Say why there is no output, in a result's own words where it has such."""
    why = ending.why
    if why is None:
        raise AssertionError("what ends without an output says why")
    where = "" if ending.failed is None else f"{ending.failed}: "
    if why.reason in _REASONS:
        return Failure.model_validate({"reason": why.reason, "message": f"{where}{why.message}"})
    return Failure(reason="step_failed", message=f"{where}{why.reason}: {why.message}")
