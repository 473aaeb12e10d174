"""Decides after each failed call whether, when and why not the step is tried again. Length and refusal are final."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.provider import Faulted

POLICY_VERSION = "executor-4"

FAILURES: Mapping[AttemptOutcome, FailureReason] = {
    "length": "length",
    "refusal": "refusal",
    "rate_limited": "rate_limited",
    "server_error": "provider_unavailable",
    "timeout": "timeout",
    "connection": "provider_unavailable",
    "credentials": "credentials",
    "bad_request": "provider_refused_request",
    "malformed_response": "malformed_response",
}
"""What a step's failure is called when its last attempt had this outcome."""

_RETRIED: frozenset[AttemptOutcome] = frozenset(
    {"rate_limited", "server_error", "timeout", "connection", "malformed_response"}
)
_MAX_EXPONENT = 60

_REFUSED_PAUSE_S = 1.0

_OWN_REFUSALS = 3
"""After so many a step is refused for itself, and no key or credit would help it."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits of trying again; the back-off is that of the providers' own SDKs, `min(0.5·2ⁿ, 8)·(1 − 0.25·rand)`.

    Attributes:
        max_attempts: failed calls of a step, 429s not counted.
        window_s: seconds after the start in which another call may begin, without those that its lane kept it waiting.
        first_delay_s: the back-off before the second call, without jitter.
        max_delay_s: the largest back-off; what the provider asks for may be more.
        jitter: the share of the back-off that chance may take away.
    """

    max_attempts: int = 4
    window_s: float = 300.0
    first_delay_s: float = 0.5
    max_delay_s: float = 8.0
    jitter: float = 0.25


@dataclass(frozen=True, slots=True)
class RetryState:
    """Progress of one step.

    Attributes:
        started_s: seconds of the epoch when its first call began, and what its lane kept it waiting added: a step may
            wait in one process and go on in another.
        failed: failed calls, 429s not counted.
        limited: 429s.
    """

    started_s: float
    failed: int = 0
    limited: int = 0


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a step remembers of calls that were refused as all are, for want of a key, money or the model.

    Attributes:
        own: how many of them, although another call of its model was answered since the one before.
        last_s: seconds of the epoch when the last one came back; None before the first.
    """

    own: int = 0
    last_s: float | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Call once more, after a pause."""

    delay_s: float
    state: RetryState
    refusals: Refusals


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The step has failed for good."""

    reason: FailureReason
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand when a call has failed.

    Attributes:
        now_s: seconds of the epoch.
        left_s: seconds to the job's deadline; None if it has none.
        draw: chance, from 0 to 1.
        still_s: seconds for which the lane or the model stands still, and it is for other steps to find out; 0 if not.
        answered: whether a call of its model was answered that began after its last such refusal.
    """

    now_s: float
    left_s: float | None
    draw: float
    still_s: float
    answered: bool


def decide(
    policy: RetryPolicy, state: RetryState, refusals: Refusals, fault: Faulted, standing: Standing
) -> Again | GiveUp:
    """Decide what follows a failed call.

    Args:
        policy: the limits.
        state: progress before this call.
        refusals: likewise.
        fault: what came of the call.
        standing: how things stand.
    """
    if fault.halts is not None:
        return _put_off(state, refusals, fault, standing)
    if fault.final is not None or fault.outcome not in _RETRIED:
        return GiveUp(fault.final or FAILURES[fault.outcome], fault.message)
    if fault.outcome == "rate_limited":
        delay_s = _delay_s(policy, fault, state.limited + 1, standing.draw)
        state = replace(state, limited=state.limited + 1, started_s=state.started_s + delay_s)
    else:
        state = replace(state, failed=state.failed + 1)
        if state.failed >= policy.max_attempts:
            return GiveUp(FAILURES[fault.outcome], f"{fault.message} (the last of {state.failed} failed calls)")
        own_s = _delay_s(policy, fault, state.failed, standing.draw)
        delay_s = max(own_s, standing.still_s)
        state = replace(state, started_s=state.started_s + delay_s - own_s)
    if standing.left_s is not None and delay_s >= standing.left_s:
        return _too_late(f"the last one failed: {fault.message}")
    if fault.outcome != "rate_limited" and standing.now_s + delay_s - state.started_s > policy.window_s:
        message = f"{fault.message} (the next call would begin {policy.window_s:g} s after the first, or later)"
        return GiveUp(FAILURES[fault.outcome], message)
    return Again(delay_s, state, refusals)


def hold(
    state: RetryState,
    refusals: Refusals,
    pause_s: float,
    left_s: float | None,
    why: str = "its model stands still",
) -> Again | GiveUp:
    """Decide what becomes of a step that nobody could do just now: it waits, and that counts as nothing.

    Args:
        state: its progress.
        refusals: likewise.
        pause_s: seconds after which it should ask again.
        left_s: seconds to the job's deadline; None if it has none.
        why: nobody could.
    """
    if left_s is not None and pause_s >= left_s:
        return _too_late(why)
    return Again(pause_s, replace(state, started_s=state.started_s + pause_s), refusals)


def _put_off(state: RetryState, refusals: Refusals, fault: Faulted, standing: Standing) -> Again | GiveUp:
    """Let a step wait that was refused as all are, until it is clear that it alone is."""
    own = refusals.own + standing.answered
    if own >= _OWN_REFUSALS:
        message = f"{fault.message} (refused {own + 1} times, while other calls were answered)"
        return GiveUp(fault.final or FAILURES[fault.outcome], message)
    refusals = Refusals(own, standing.now_s)
    pause_s = max(_REFUSED_PAUSE_S, standing.still_s)
    return hold(state, refusals, pause_s, standing.left_s, f"the last one failed: {fault.message}")


def _too_late(why: str) -> GiveUp:
    return GiveUp("deadline_exceeded", f"the next call would begin after the deadline; {why}")


def _delay_s(policy: RetryPolicy, fault: Faulted, failures: int, draw: float) -> float:
    if fault.retry_after_s is not None and fault.retry_after_s > 0:
        return fault.retry_after_s
    backoff_s = min(policy.first_delay_s * 2.0 ** min(failures - 1, _MAX_EXPONENT), policy.max_delay_s)
    return backoff_s * (1 - policy.jitter * draw)
