"""The timer by which a tenant's account is asked again, as long as a question waits for it. Pure."""

from datetime import datetime, timedelta

from headchef_contracts.events.common import Cause, Part

from headchef.runtime.processor import Timer

ASKED_AGAIN = timedelta(seconds=30)
"""After so long without an answer a task asks again: what may be spent may have changed."""

_AT_ONCE = timedelta(milliseconds=1)
"""Timers are told apart by when they are due, in milliseconds: one for now might be the one that has just gone off."""

_PREFIX = "budgets\0"


class Alarm(Part):
    """One of a tenant.

    Attributes:
        tenant: whose account is asked.
        cause: by which the first question came that had to wait.
    """

    tenant: str
    cause: Cause

    def after(self, at: datetime) -> Timer:
        """Set it at a time."""
        return Timer(alarm_id(self.tenant), at + ASKED_AGAIN, self.model_dump_json().encode())

    def at_once(self, at: datetime) -> Timer:
        """Set it for as soon as what is decided at a time is done."""
        return Timer(alarm_id(self.tenant), at + _AT_ONCE, self.model_dump_json().encode())


def alarm_id(tenant: str) -> str:
    """Name the timer; no job's has such a name, which has more parts."""
    return f"{_PREFIX}{tenant}"


def is_alarm(timer: Timer) -> bool:
    """Say whether a timer is one of these."""
    return timer.id.startswith(_PREFIX) and timer.id.count("\0") == 1


def read_alarm(timer: Timer) -> Alarm:
    """Read what `Alarm.after` has set."""
    return Alarm.model_validate_json(timer.payload)
