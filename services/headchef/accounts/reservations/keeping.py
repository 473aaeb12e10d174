"""Keeps account of values that are reserved: reads what is known of one, and writes what has changed."""

from headchef_contracts.events.common import Decided, Inline
from headchef_contracts.events.reservations import (
    ReservationAnswered,
    ReservationAsked,
    ReservationFailure,
    ReservationReleased,
)

from headchef.accounts.reservations import policy
from headchef.accounts.reservations.policy import Known
from headchef.accounts.reservations.records import (
    HOLDERS,
    TOLD,
    Claim,
    Told,
    holder_key,
    read_holder,
    read_told,
    told_key,
)
from headchef.runtime.processor import Change, Emit, Outcome, State


def answer(asked: ReservationAsked, state: State, decided: Decided) -> Outcome:
    """Tell a job whether it has a value.

    Args:
        asked: for which, and who asks.
        state: of the account's task.
        decided: at what time and from what.
    """
    job, claim = asked.job, Claim(asked.job.revision, asked.job.run)
    before = _known(asked.account, job.job_id, claim, state)
    known = policy.ask(before, job.job_id, claim, asked.value, decided.at)
    changes = _changes(asked.account, job.job_id, claim, before, known)
    emit = Emit("reservations.answered", _answered(asked, known.told, decided), job.home_partition)
    if known.told is None:
        return Outcome((emit,), changes, counted=("headchef.reservations.granted",))
    return Outcome((emit,), changes, counted=("headchef.reservations.refused",))


def release(released: ReservationReleased, state: State) -> Outcome:
    """Let others have a value, unless another run of the job holds it still."""
    claim = Claim(released.revision, released.run)
    before = _known(released.account, released.job_id, claim, state)
    known = policy.release(before, released.job_id, claim, earlier=released.earlier)
    is_free = before.holder is not None and known.holder is None
    return Outcome(
        changes=_changes(released.account, released.job_id, claim, before, known),
        counted=("headchef.reservations.released",) if is_free else (),
    )


def _known(account: str, job_id: str, claim: Claim, state: State) -> Known:
    held, told = state.get(HOLDERS, holder_key(account)), state.get(TOLD, told_key(account, job_id, claim))
    return Known(None if held is None else read_holder(held), None if told is None else read_told(told))


def _changes(account: str, job_id: str, claim: Claim, before: Known, known: Known) -> tuple[Change, ...]:
    changes = []
    if known.told is not None and known.told != before.told:
        changes.append(Change(TOLD, told_key(account, job_id, claim), known.told.written()))
    if known.holder != before.holder:
        written = None if known.holder is None else known.holder.written()
        changes.append(Change(HOLDERS, holder_key(account), written))
    return tuple(changes)


def _answered(asked: ReservationAsked, told: Told | None, decided: Decided) -> ReservationAnswered:
    about = {
        "account": asked.account,
        "job": asked.job,
        "workflow": asked.workflow,
        "step_id": asked.step_id,
        "decided": decided,
        **({} if asked.item is None else {"item": asked.item}),
    }
    if told is None:
        return ReservationAnswered.model_validate({**about, "output": Inline(inline=asked.value)})
    what = f"the {asked.name} {asked.value!r} on {asked.site}"
    if told.taken_by is None:
        message = f"{what} was given back by this run of the job, which does not get it again; a rerun may"
        return ReservationAnswered.model_validate(
            {**about, "failure": ReservationFailure(reason="released", message=message)}
        )
    failure = ReservationFailure(reason="taken", message=f"{what} is held by the job {told.taken_by!r}")
    return ReservationAnswered.model_validate({**about, "failure": failure, "taken_by": told.taken_by})
