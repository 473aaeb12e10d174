"""Decides which jobs are stopped, by what was said last of each scope. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from headchef_contracts.events.brakes import BrakeSet, scopes_of
from headchef_contracts.events.common import JobHead


class Brakes:
    """The brakes that are set. A pause is lifted by a resume; a cancel stays, and concerns what came before it."""

    def __init__(self) -> None:
        self._pauses: dict[str, BrakeSet] = {}
        self._cancels: dict[str, BrakeSet] = {}

    def __bool__(self) -> bool:
        """Whether any is set."""
        return bool(self._pauses or self._cancels)

    def __iter__(self) -> Iterator[BrakeSet]:
        """Give all that are set, pauses first, each in the order in which scopes were named first."""
        yield from self._pauses.values()
        yield from self._cancels.values()

    def take(self, event: BrakeSet) -> None:
        """Let what is said of a scope take the place of what was said before."""
        name = event.scope.name
        match event.action:
            case "pause":
                self._pauses[name] = event
            case "resume":
                self._pauses.pop(name, None)
            case "cancel":
                self._cancels[name] = event

    def pause_of(self, scopes: Iterable[str]) -> BrakeSet | None:
        """Give the pause that holds for a job in these scopes, or None."""
        return next((self._pauses[name] for name in scopes if name in self._pauses), None)

    def cancel_of(self, scopes: Iterable[str], submitted_at: datetime) -> BrakeSet | None:
        """Give the cancel that a job in these scopes falls under, or None.

        Args:
            scopes: the job's.
            submitted_at: what came after a cancel runs.
        """
        found = (self._cancels[name] for name in scopes if name in self._cancels)
        return next((each for each in found if submitted_at <= each.set_at), None)


def scopes(job: JobHead, lane: str | None) -> list[str]:
    """Name the scopes of a job whose step is at a lane, or at none yet."""
    named = scopes_of(tenant=job.tenant, job_id=job.job_id, batch_id=job.batch_id, labels=job.labels, lane=lane)
    return list(named)


def said(event: BrakeSet) -> str:
    """Say in words what is set, by whom and why: `tenant=acme was cancelled by ann@desk-7: wrong prices`."""
    done = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}[event.action]
    why = f": {event.because}" if event.because else ""
    return f"{event.scope.name} was {done} by {event.by}{why}"
