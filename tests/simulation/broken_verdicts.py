"""Ways to break what is promised where answers are judged: accepted, rejected, settled for the cache."""

from dataclasses import replace
from typing import Any

import pytest

from headchef_contracts.events.common import Finding

from headchef.validator import handler, policy


def checks_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "_checked", lambda _said, accepted, *_: accepted)


def schema_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    judge = policy._judge_json

    def wrong(said: str, *about: Any) -> Any:
        verdict = judge(said, *about)
        is_other = isinstance(verdict, policy.Rejected) and verdict.findings[0].check == "schema"
        return policy.Accepted(said) if is_other else verdict

    patch.setattr(policy, "_judge_json", wrong)


def blank_answers_taken(patch: pytest.MonkeyPatch) -> None:
    judge = policy.judge

    def wrong(event: Any, *about: Any) -> Any:
        verdict = judge(event, *about)
        if isinstance(verdict, policy.Rejected) and not verdict.said.strip():
            return policy.Accepted(verdict.said)
        return verdict

    patch.setattr(handler, "judge", wrong)


def reused_answers_not_checked(patch: pytest.MonkeyPatch) -> None:
    judge = policy.judge

    def wrong(event: Any, *about: Any) -> Any:
        unchecked = event.step.model_copy(update={"checks": ()})
        return judge(event.model_copy(update={"step": unchecked}) if event.cache.reused else event, *about)

    patch.setattr(handler, "judge", wrong)


def every_checked_answer_rejected(patch: pytest.MonkeyPatch) -> None:
    wrong = Finding(check="banned_terms", path="", message="no answer will do")
    patch.setattr(policy, "_checked", lambda said, *_: policy.Rejected(said, (wrong,)))


def only_checks_repaired(patch: pytest.MonkeyPatch) -> None:
    def wrong(step: Any, verdict: Any) -> bool:
        named = {each.check for each in step.checks}
        return policy.may_be_repaired(step, verdict) and all(each.check in named for each in verdict.findings)

    patch.setattr(handler, "may_be_repaired", wrong)


def rejected_answers_settled_as_accepted(patch: pytest.MonkeyPatch) -> None:
    settle = handler._settled

    def wrong(event: Any, verdict: Any, *about: Any) -> Any:
        taken = policy.Accepted(verdict.said) if isinstance(verdict, policy.Rejected) else verdict
        return settle(event, taken, *about)

    patch.setattr(handler, "_settled", wrong)


def good_answers_not_handed_on(patch: pytest.MonkeyPatch) -> None:
    end = handler._ending

    def wrong(verdict: Any) -> Any:
        return end(policy.Accepted("done") if isinstance(verdict, policy.Accepted) else verdict)

    patch.setattr(handler, "_ending", wrong)


def results_do_not_say_why(patch: pytest.MonkeyPatch) -> None:
    end = handler._ending
    patch.setattr(handler, "_ending", lambda verdict: replace(end(verdict), findings=()))
