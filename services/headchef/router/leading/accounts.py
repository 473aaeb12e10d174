"""Adds up what the steps of a job came to, for its result."""

from collections.abc import Iterable
from typing import Any

from headchef_contracts.events.origin import StepAccount

from headchef.result import total
from headchef.router.leading.records import NOT_BEGUN, UnitRecord


def accounts_of(records: Iterable[UnitRecord]) -> tuple[StepAccount, ...]:
    """Give an account of each step, in the order in which the first unit of each ended."""
    by_step: dict[str, list[UnitRecord]] = {}
    for record in records:
        if record.lost is not None and record.lost.reason == NOT_BEGUN:
            continue
        by_step.setdefault(record.step_id, []).append(record)
    return tuple(_account(step, units) for step, units in by_step.items())


def _account(step: str, units: list[UnitRecord]) -> StepAccount:
    came = total(units)
    return StepAccount(
        step_id=step,
        ended=len(units),
        lost=sum(unit.lost is not None for unit in units),
        reused=sum(unit.reused for unit in units),
        repaired=sum(unit.repaired for unit in units),
        **_taken_over(units),
        models=tuple(dict.fromkeys(model for unit in units for model in unit.models)),
        usage=came.usage,
        cost_usd=came.cost_usd,
        attempts=came.attempts,
        provider_s=came.provider_s,
    )


def _taken_over(units: list[UnitRecord]) -> dict[str, Any]:
    """Say what earlier runs have done; what is not set is not written."""
    runs = [unit.run for unit in units if unit.run is not None]
    return {"taken_over": len(runs), "taken_from": tuple(sorted(set(runs)))} if runs else {}
