"""What is known of a pool of questions, and whom each reused answer has served. As it is stored. Pure."""

from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import Field

from headchef_contracts.events.bounds import CacheObserved, Counts, Guess
from headchef_contracts.events.common import Decided, Part
from headchef_contracts.events.judgements import JudgementAsked
from headchef_contracts.events.semantic import Asker

from headchef.runtime.processor import Change
from headchef.runtime.stored import read_stored

POOLS, OBSERVED, SERVED, JUDGING = "pools", "observed", "served", "judging"

SHARED = ("tenant", "pool", "embedder", "source", "asker", "mode", "guess")
"""What a label says of its question as it was said when a model was to be asked."""

MOST_REMEMBERED = 32
"""Of those whom one answer has served: a person who corrects it speaks for so many at once."""

MOST_AT_ONCE = 64
"""Judgements of one pool under way. At some seconds each that is more than a bulk lane answers in a second, and a bound
takes some hundreds of labels to open; more would wait behind one another, and be paid for what is known by then."""

_VERSION = 1


class PoolRecord(Part):
    """One pool.

    Attributes:
        v: of this form.
        observed: so many observations are counted.
        newest: what led to the newest change.
        learnt: what `headchef.bound` makes of them, in its own form; None for nothing.
        counts: them by what they say.
        bound: the number, by `headchef.bound`, of what was said last; 0 before the first.
        number: how many bounds were said.
        said_at: when the last one was; None before the first.
        judging: jobs by which models are being asked whether answers are the same.
    """

    v: int = _VERSION
    observed: int = 0
    newest: Decided
    learnt: str | None = None
    counts: Counts = Field(default_factory=Counts)
    bound: int = 0
    number: int = 0
    said_at: datetime | None = None
    judging: tuple[str, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether as many models are being asked as may be."""
        return len(self.judging) >= MOST_AT_ONCE

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()


class Hit(Part):
    """One question that was answered by another's answer.

    Attributes:
        id: of the question.
        guess: how probable it was that the answer would be wrong.
    """

    id: str
    guess: float


class ServedRecord(Part):
    """Whom one answer has served.

    Attributes:
        v: of this form.
        hits: the newest of them, in order.
        more: so many are not remembered one by one.
        wrong_at: the number of the observation that says the answer is wrong; 0 where nobody has.
        wrong_until: until when hits may have been on their way with it; null where nobody has.
    """

    v: int = _VERSION
    hits: tuple[Hit, ...] = ()
    more: int = 0
    wrong_at: int = 0
    wrong_until: datetime | None = None

    def at(self, time: datetime) -> "ServedRecord":
        """Give the record of the answer that a hit got at a time: one that was found wrong has made way for another."""
        return ServedRecord() if self.wrong_until is not None and time > self.wrong_until else self

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def with_hit(self, hit: Hit) -> "ServedRecord":
        """Take note of one more, once."""
        if any(each.id == hit.id for each in self.hits):
            return self
        hits = (*self.hits, hit)
        dropped = max(0, len(hits) - MOST_REMEMBERED)
        return self.model_copy(update={"hits": hits[dropped:], "more": self.more + dropped})

    def without(self, question: str) -> "ServedRecord":
        """Forget one that is known as wrong by itself."""
        return self.model_copy(update={"hits": tuple(each for each in self.hits if each.id != question)})


class AskedRecord(Part):
    """What a model is being asked about; as in `JudgementAsked`, without the question.

    Attributes:
        v: of this form.
    """

    v: int = _VERSION
    tenant: str
    pool: str
    embedder: str
    source: str
    asker: Asker
    mode: Literal["shadow", "serve"]
    guess: Guess
    judge: str

    def written(self) -> bytes:
        """Give it as it is stored: what is not set is not written, here and in the label that follows."""
        return self.model_dump_json(exclude_unset=True).encode()


def asked_record(asked: JudgementAsked) -> AskedRecord:
    """Give what is kept of a question until it is answered."""
    return AskedRecord(v=_VERSION, **{name: getattr(asked, name) for name in SHARED}, judge=asked.judge)


def undecided(pool: PoolRecord) -> PoolRecord:
    """Count one answer more about which a model was to say something, and has not."""
    counts = pool.counts.model_copy(update={"undecided": pool.counts.undecided + 1})
    return pool.model_copy(update={"counts": counts})


def stored(account: str, pool: PoolRecord) -> Change:
    """Give the change that stores a pool."""
    return Change(POOLS, pool_key(account), pool.written())


def question_id(observed: CacheObserved) -> str:
    """Name the question of an observation, shortly."""
    return sha256(observed.asker.name.encode()).hexdigest()[:16]


def pool_key(account: str) -> bytes:
    """Name a pool in its store."""
    return account.encode()


def asked_key(account: str, job_id: str) -> bytes:
    """Name a question to a model in its store."""
    return f"{account}\0{job_id}".encode()


def observed_key(observed: CacheObserved | JudgementAsked) -> bytes:
    """Name an observation, or what was asked of a model, in its store: what is delivered again has the same name."""
    return sha256(f"{observed.account}\0{observed.about}".encode()).digest()


def served_key(account: str, source: str) -> bytes:
    """Name an answer of a pool in the store of those whom it has served."""
    return f"{account}\0{source}".encode()


def read_pool_record(value: bytes) -> PoolRecord:
    """Read what `PoolRecord.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(PoolRecord, value, _VERSION, "a pool of questions")


def read_served(value: bytes) -> ServedRecord:
    """Read what `ServedRecord.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(ServedRecord, value, _VERSION, "a reused answer's record")


def read_asked(value: bytes) -> AskedRecord:
    """Read what `AskedRecord.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(AskedRecord, value, _VERSION, "a question to a model")
