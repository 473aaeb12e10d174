"""Ways to break what is promised where models say whether answers are the same."""

from typing import Any

import pytest

from headchef_contracts.events.judgements import JudgementEnded, JudgementPlanned
from headchef_contracts.events.steps import Step

from headchef.accounts.pools import judging as keeping
from headchef.router import judging
from headchef.runtime.processor import Emit
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


def a_label_says_the_reverse(patch: pytest.MonkeyPatch) -> None:
    label = keeping._label

    def wrong(event: JudgementEnded, *about: Any) -> Emit:
        return label(event.model_copy(update={"same": not event.same}), *about)

    patch.setattr(keeping, "_label", wrong)
