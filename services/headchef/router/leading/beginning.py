"""What a job begins with: its input, its time, and whether it has begun before. Pure."""

from datetime import timedelta

from headchef_contracts.events.common import Body, Inline, JobHead
from headchef_contracts.events.jobs import JobSubmitted

from headchef.bodies import BodiesAtHand
from headchef.router.leading.records import JOBS, JobRecord, job_key
from headchef.runtime.processor import Delivery, State


def has_begun(job: JobSubmitted, head: JobHead, delivery: Delivery, state: State, at_hand: BodiesAtHand) -> bool | None:
    """Say whether a job of this name is under way: it may wait for people for longer than accepted jobs are remembered.

    Args:
        job: that was submitted.
        head: of its events.
        delivery: the record that it lies in. One that was begun by this very record is begun again: at least once not
            all that it led to may be written.
        state: of its task.
        at_hand: takes a large input.

    Returns:
        None if it is not; whether it goes through the same workflow with the same input if it is.
    """
    written = state.get(JOBS, job_key(head))
    if written is None:
        return None
    stored = JobRecord.model_validate_json(written)
    if stored.cause == delivery.cause:
        return None
    values = value_of(job.input)
    reference = at_hand.reference(head.tenant, values)
    wanted = (job.workflow, None if reference else values, reference)
    return wanted == (stored.workflow, stored.input, stored.input_reference)


def in_time(head: JobHead, seconds: float | None) -> JobHead:
    """Bound a job by the time that its workflow may take, counted from when the job was submitted."""
    if seconds is None:
        return head
    latest = head.submitted_at + timedelta(seconds=seconds)
    if head.deadline is not None and head.deadline <= latest:
        return head
    return head.model_copy(update={"deadline": latest})


def value_of(body: Body | None) -> object:
    """Give the input of a job; an empty object where it has none."""
    if body is None:
        return {}
    if not isinstance(body, Inline):
        raise AssertionError("the door puts a value in the place of each reference")
    return body.inline
