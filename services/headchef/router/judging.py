"""Takes on questions to models whether two answers are the same: bulk jobs of their tenants, marked as judgements."""

from typing import Any

from headchef_contracts.events.common import Decided, Inline, Parameters
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.judgements import JudgementPlanned
from headchef_contracts.events.output import OutputSpec
from headchef_contracts.events.steps import Step

from headchef.judgements import VERDICT, not_asked
from headchef.router import policy
from headchef.router.asking import planned
from headchef.router.leading import Planner
from headchef.router.refusal import Refused
from headchef.router.submission import SEEN
from headchef.runtime.processor import Change, Delivery, Outcome, State


def take(
    asked: JudgementPlanned,
    delivery: Delivery,
    state: State,
    decided: Decided,
    planner: Planner,
    overloaded: str | None,
    homes: int,
) -> Outcome:
    """Take a question on, once; or tell its pool why nobody is asked.

    Args:
        asked: the question.
        delivery: its record, in whose partition the job is at home.
        state: of the task.
        decided: when, and from what.
        planner: plans steps.
        overloaded: why no job is taken on now; None where they are.
        homes: accounts are kept in so many partitions, the first ones.
    """
    # Names of jobs there begin with a tenant, which is not empty.
    key = f"\0{asked.account}\0{asked.job_id}".encode()
    if state.get(SEEN, key) is not None:
        return Outcome(counted=("headchef.jobs.duplicates",))
    try:
        if overloaded is not None:
            raise Refused("overloaded", None, overloaded)
        led_to = planned(_step_of(asked, delivery.record.partition, planner), decided)
    except Refused as refused:
        led_to = not_asked(asked, f"{refused.reason}: {refused.message}", decided, homes)
    return Outcome((led_to,), (Change(SEEN, key, b"judgement"),))


def _step_of(asked: JudgementPlanned, home_partition: int, planner: Planner) -> Step:
    """Plan a question. Raises Refused where it cannot be asked, such as of a model that the catalogue has not."""
    question = asked.question
    of_whom: dict[str, Any] = {"model": question.model, "tier": question.tier}
    job = JobSubmitted(
        job_id=asked.job_id,
        tenant=asked.tenant,
        system=Inline(inline=question.system),
        prompt=Inline(inline=question.prompt),
        output=OutputSpec(json_schema=VERDICT),
        parameters=Parameters(max_output_tokens=question.max_output_tokens),
        deadline=asked.deadline,
        **{name: value for name, value in of_whom.items() if value is not None},
    )
    head = policy.head_of(
        job, job_class="bulk", home_partition=home_partition, submitted_at=asked.decided.at
    ).model_copy(update={"judgement_of": asked.account})
    return planner.plan(job, head)
