"""Ways to break what is promised where models say whether answers are the same."""

from typing import Any

import pytest

from headchef_contracts.events.judgements import JudgementPlanned
from headchef_contracts.events.steps import Step

from headchef.router import judging
from tests.simulation.broken_purses import not_restored
from tests.simulation.jobs import TENANTS


def judgements_are_jobs_of_users(patch: pytest.MonkeyPatch) -> None:
    step_of = judging._step_of

    def wrong(*about: Any) -> Step:
        step = step_of(*about)
        return step.model_copy(update={"job": step.job.model_copy(update={"judgement_of": None})})

    patch.setattr(judging, "_step_of", wrong)


def another_tenant_pays(patch: pytest.MonkeyPatch) -> None:
    step_of = judging._step_of

    def wrong(asked: JudgementPlanned, *about: Any) -> Step:
        other = next(tenant for tenant in TENANTS if tenant != asked.tenant)
        return step_of(asked.model_copy(update={"tenant": other}), *about)

    patch.setattr(judging, "_step_of", wrong)


what_was_asked_not_restored = not_restored("judging")
