"""Counts what the cache has done with questions, and what that has saved. Pure: events in, rows out."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheKind
from headchef_contracts.events.steps import StepCompleted, StepJudged

from headchef.pooled import asker_of, parts_of

KINDS: tuple[CacheKind, ...] = ("exact", "semantic", "coalesced", "miss", "bypass", "unavailable")
"""In the order in which they are shown: what was reused first."""

_NAME_BYTES = 12


class PoolName(NamedTuple):
    """Names the questions that share what is learnt."""

    tenant: str
    pool: str


@dataclass(slots=True)
class Uses:
    """What became of questions of one kind.

    Attributes:
        questions: how many.
        refused: reused answers among them that failed the checks of their new question: they have saved nothing.
        saved_usd: what the reused answers had cost when they were made, so far as known.
        saved_s: seconds that their calls had taken, likewise.
        unknown_cost: reused answers whose cost is not known.
        unknown_time: those of whom it is not known how long their calls took.
    """

    questions: int = 0
    refused: int = 0
    saved_usd: Decimal = Decimal(0)
    saved_s: float = 0.0
    unknown_cost: int = 0
    unknown_time: int = 0


@dataclass(slots=True)
class PoolUses:
    """What became of the questions of a pool that were not asked before in the same words.

    Attributes:
        questions: how many.
        reused: those that were answered by an earlier answer to other words.
        would: those that would have been, but for shadow mode.
        explored: those whose model was asked to learn, though they might have been.
        judged: answers that a model was asked to compare.
        judging_usd: what that has cost, so far as known.
        unknown_cost: of the judged, those whose cost is not known.
    """

    questions: int = 0
    reused: int = 0
    would: int = 0
    explored: int = 0
    judged: int = 0
    judging_usd: Decimal = Decimal(0)
    unknown_cost: int = 0


@dataclass(slots=True)
class _Made:
    """What an answer took when it was made; None for not known."""

    cost_usd: Decimal | None = None
    took_s: float | None = None


class _Reused(NamedTuple):
    kind: CacheKind
    source: bytes
    question: bytes


@dataclass(slots=True)
class Account:
    """Takes each question once, however often it is there, in whatever order the topics are read.

    Attributes:
        tenant: whose questions are counted; None for all.
        since_ms: milliseconds of the epoch; questions from before are not counted, but their answers may be sources.
    """

    tenant: str | None = None
    since_ms: float = 0.0
    pools: defaultdict[PoolName, PoolUses] = field(default_factory=lambda: defaultdict(PoolUses))
    _counts: defaultdict[CacheKind, int] = field(default_factory=lambda: defaultdict(int))
    _seen: set[bytes] = field(default_factory=set)
    _reused: list[_Reused] = field(default_factory=list)
    _refused: set[bytes] = field(default_factory=set)
    _made: dict[bytes, _Made] = field(default_factory=dict)

    def completed(self, event: StepCompleted, at_ms: float) -> None:
        """Take a question that has come to its end, and when that was."""
        step, use = event.step, event.cache
        if not self._is_of_tenant(step.job.tenant):
            return
        if step.job.judgement_of is not None:
            self._compared(event, step.job.judgement_of, at_ms)
            return
        if not use.reused and event.answer is not None:
            made = self._made_of(_named(step.job.tenant, step.fingerprint, step.job.job_id))
            made.cost_usd, made.took_s = event.cost_usd, event.provider_s
        question = _question(event)
        if at_ms < self.since_ms or question in self._seen:
            return
        self._seen.add(question)
        self._counts[use.kind] += 1
        if use.reused:
            by_meaning = use.kind == "semantic" and use.nearest is not None
            fingerprint = use.nearest.fingerprint if by_meaning and use.nearest is not None else step.fingerprint
            source = _named(step.job.tenant, fingerprint, use.source_job_id or "")
            self._reused.append(_Reused(use.kind, source, question))
        if step.semantic is not None and use.kind in ("semantic", "miss"):
            pool, nearest = self.pools[PoolName(step.job.tenant, step.semantic.pool)], use.nearest
            pool.questions += 1
            pool.reused += use.kind == "semantic"
            if nearest is not None and use.kind == "miss":
                pool.would += step.semantic.mode == "shadow" and nearest.choice == "serve"
                pool.explored += nearest.choice == "explore"

    def _compared(self, event: StepCompleted, account: str, at_ms: float) -> None:
        """Take a comparison of answers by a model: it is no question of a user, and has its price."""
        question = _question(event)
        if at_ms < self.since_ms or question in self._seen:
            return
        self._seen.add(question)
        tenant, name, _ = parts_of(account)
        pool = self.pools[PoolName(tenant, name)]
        pool.judged += 1
        pool.judging_usd += event.cost_usd or 0
        pool.unknown_cost += event.cost_usd is None

    def settled(self, event: CacheSettled) -> None:
        """Take an answer, of which costs are known for longer than its question is."""
        if self._is_of_tenant(event.tenant) and event.answer is not None:
            made = self._made_of(_named(event.tenant, event.fingerprint, event.source_job_id))
            made.cost_usd = event.cost_usd if made.cost_usd is None else made.cost_usd

    def judged(self, event: StepJudged) -> None:
        """Take a verdict: an answer that was refused has served nobody."""
        if event.verdict == "hit_refused":
            self._refused.add(_question(event))

    def rows(self) -> Mapping[CacheKind, Uses]:
        """Give what became of questions, by kind; each kind is there."""
        rows = {kind: Uses(self._counts[kind]) for kind in KINDS}
        for kind, source, question in self._reused:
            uses = rows[kind]
            if question in self._refused:
                uses.refused += 1
                continue
            made = self._made.get(source, _Made())
            uses.saved_usd += made.cost_usd or 0
            uses.saved_s += made.took_s or 0
            uses.unknown_cost += made.cost_usd is None
            uses.unknown_time += made.took_s is None
        return rows

    def _is_of_tenant(self, tenant: str) -> bool:
        return self.tenant is None or tenant == self.tenant

    def _made_of(self, source: bytes) -> _Made:
        return self._made.setdefault(source, _Made())


def together(rows: Mapping[CacheKind, Uses]) -> Uses:
    """Add the kinds up."""
    return Uses(
        questions=sum(each.questions for each in rows.values()),
        refused=sum(each.refused for each in rows.values()),
        saved_usd=sum((each.saved_usd for each in rows.values()), Decimal(0)),
        saved_s=sum(each.saved_s for each in rows.values()),
        unknown_cost=sum(each.unknown_cost for each in rows.values()),
        unknown_time=sum(each.unknown_time for each in rows.values()),
    )


def _question(event: StepCompleted | StepJudged) -> bytes:
    return _named(event.step.job.tenant, asker_of(event.step).name)


def _named(*parts: str) -> bytes:
    """Name a question or an answer in few bytes: there may be millions."""
    return sha256("\0".join(parts).encode()).digest()[:_NAME_BYTES]
