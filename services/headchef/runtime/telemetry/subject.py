"""Which job and step a delivery is about, for logs and spans."""

from typing import NamedTuple

from headchef.runtime.processor import Delivery

_MAX_KEY_CHARACTERS = 200


class Subject(NamedTuple):
    """A job and one of its steps; None where the event names none."""

    job_id: str | None
    step_id: str | None


def subject_of(delivery: Delivery) -> Subject:
    """Name the job and the step; for a record that is not decoded its key stands for the job."""
    event = delivery.event
    if event is None:
        key = delivery.record.key
        return Subject(None if key is None else key[:_MAX_KEY_CHARACTERS].decode(errors="replace"), None)
    step = getattr(event, "step", None)
    if step is not None:
        return Subject(step.job.job_id, step.step_id)
    job = getattr(event, "job", event)
    return Subject(getattr(job, "job_id", None), getattr(event, "step_id", None))
