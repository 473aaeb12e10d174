"""What an executor remembers of a step that waits to be tried again: the payload of its timer."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from headchef_contracts import registry
from headchef_contracts.events.common import Cause, Usage
from headchef_contracts.events.steps import StepDispatched

from headchef.executor.policy import Refusals, RetryState
from headchef.executor.record import Calls
from headchef.runtime.errors import InvariantBroken, UnknownVersion

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step on its way.

    Attributes:
        dispatched: what is to be done.
        cause: the record that dispatched it.
        retry: how often it has failed, and since when it is tried.
        calls: those made so far, all of them recorded.
        refusals: those among them that were refused as all are.
    """

    dispatched: StepDispatched
    cause: Cause
    retry: RetryState
    calls: Calls
    refusals: Refusals = field(default_factory=Refusals)


def write(waiting: Waiting) -> bytes:
    """Write a step that waits: a line about it, and the event that dispatched it."""
    dispatched = registry.write(waiting.dispatched)
    calls = asdict(waiting.calls)
    calls["usage"] = waiting.calls.usage.model_dump()
    calls["cost_usd"] = None if waiting.calls.cost_usd is None else f"{waiting.calls.cost_usd:f}"
    head = {
        "v": _VERSION,
        "dispatched": dispatched.version,
        "cause": waiting.cause.model_dump(),
        "retry": asdict(waiting.retry),
        "calls": calls,
        "refusals": asdict(waiting.refusals),
    }
    return orjson.dumps(head) + b"\n" + dispatched.data


def read(payload: bytes) -> Waiting:
    """Read what `write` wrote, also of another version of the event.

    Raises:
        UnknownVersion: a newer program wrote it.
        InvariantBroken: it is something else.
    """
    line, _, event = payload.partition(b"\n")
    head: dict[str, Any] = orjson.loads(line)
    if head["v"] != _VERSION:
        raise UnknownVersion(f"a waiting step of version {head['v']}; upgrade this executor first")
    try:
        dispatched = registry.decode(StepDispatched.event_type, head["dispatched"], event)
    except registry.UnknownEventVersion as error:
        raise UnknownVersion(f"a waiting step: {error}; upgrade this executor first") from error
    if not isinstance(dispatched, StepDispatched):
        raise InvariantBroken(f"a waiting step holds {type(dispatched).__name__}")
    calls = head["calls"]
    calls["usage"] = Usage(**calls["usage"])
    calls["cost_usd"] = None if calls["cost_usd"] is None else Decimal(calls["cost_usd"])
    # Not there in what the release before wrote, which passes over it in what this one writes.
    refusals = Refusals(**head.get("refusals", {}))
    return Waiting(dispatched, Cause(**head["cause"]), RetryState(**head["retry"]), Calls(**calls), refusals)
