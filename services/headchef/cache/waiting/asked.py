"""Which step a delivery is about, for the lookup before it is decided."""

from headchef_contracts.events.steps import Step, StepPlanned

from headchef.cache.waiting.parked import keeps_a_step, read_parked
from headchef.runtime.processor import Delivery


def step_of(delivery: Delivery) -> Step | None:
    """Give the step that is planned, or that has waited; None where it is something else."""
    if isinstance(delivery.event, StepPlanned):
        return delivery.event.step
    if delivery.timer is not None and keeps_a_step(delivery.timer.id):
        return read_parked(delivery.timer.payload).step
    return None
