"""Questions that share what is learnt of reused answers: what their pool's account is called, and who asks. Pure."""

from headchef_contracts.events.semantic import Asker
from headchef_contracts.events.steps import Step

from headchef.account_names import joined


def pool_account(tenant: str, pool: str, embedder: str) -> str:
    """Name the account of a pool. Each tenant has its own, and so has each embedder: others' scores say nothing of its.

    Args:
        tenant: whose questions they are.
        pool: as their steps name it.
        embedder: whose vectors are compared.
    """
    return joined(tenant, pool, embedder)


def asker_of(step: Step) -> Asker:
    """Say which question a step is; what is not set is not written."""
    job = step.job
    known = {"run": job.run, "revision": job.revision, "item": step.item, "plan": step.plan}
    return Asker.model_validate(
        {"job_id": job.job_id, "step_id": step.step_id, **{name: value for name, value in known.items() if value}}
    )
