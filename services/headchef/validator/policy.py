"""Judges a completed step: accepted, rejected with findings, or failed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from headchef_contracts.events.common import Finding, Inline, StepCheck
from headchef_contracts.events.jobs import Failure, FailureReason
from headchef_contracts.events.steps import Answer, Step, StepCompleted

from headchef.answer import AnswerRefused, parse_answer
from headchef.checks import BadCheck, Registry, read_check
from headchef.schema import CompiledSchema, SchemaCache, SchemaRefused

POLICY_VERSION = "validator/6"

# As providers say that an answer was cut off or withheld; no check can make such an answer good.
_CUT_OFF = frozenset({"length", "max_tokens"})
_WITHHELD = frozenset({"refusal", "content_filter", "safety"})

_OUT_OF_REACH = "the answer is not in the event, and cannot be had from the object store that HEADCHEF_BODIES names"

_CURABLE: frozenset[FailureReason] = frozenset(
    {
        "provider_unavailable",  # another account may be up
        "timeout",  # and quicker
        "rate_limited",  # and have quota left
        "credentials",  # and a key and money that are good
        "unknown_model",  # retired here, or not yet there
        "provider_refused_request",  # one provider takes a schema or a parameter that another refuses
        "too_large",  # another model's window may be wider
        "refusal",  # another model may answer
        "malformed_response",  # and in whole sentences
    }
)
"""Failures that another model may not have. What it would share is not among them: the deadline, and that an operator
has cancelled it. Nor are an answer that was cut off at the job's own output limit and one that was rejected: the job
itself says whether another is asked for."""


@dataclass(frozen=True, slots=True)
class JudgingPolicy:
    """How much is looked at, and how much is said.

    Attributes:
        max_answer_characters: longer answers are rejected where a schema is to be applied.
        max_findings: no more than this many are reported.
        max_message_characters: of one finding.
    """

    max_answer_characters: int
    max_findings: int
    max_message_characters: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer passed all checks; the output is the parsed JSON, or the text."""

    output: Any


@dataclass(frozen=True, slots=True)
class Rejected:
    """The answer failed a check.

    Attributes:
        said: the answer.
        findings: what is wrong with it.
        by_answer: False where it is the check, or the schema, that cannot be used: no other answer would do either.
    """

    said: str
    findings: tuple[Finding, ...]
    by_answer: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no answer to check."""

    failure: Failure


Verdict = Accepted | Rejected | Failed


def judge(event: StepCompleted, schemas: SchemaCache, checks: Registry, policy: JudgingPolicy) -> Verdict:
    """Judge a step by its answer: it must obey the step's schema, and then pass its checks.

    Args:
        event: the completed step.
        schemas: compiles the step's schema.
        checks: those that there are.
        policy: the limits.
    """
    if event.failure is not None:
        return Failed(event.failure)
    if event.answer is None:
        raise AssertionError("the contract lets no step end with neither answer nor failure")
    unusable = _unusable(event.answer)
    if unusable is not None:
        return Failed(unusable)
    if not isinstance(event.answer.output, Inline):
        return Failed(Failure(reason="malformed_response", message=_OUT_OF_REACH))
    if not isinstance(event.answer.output.inline, str):
        return Failed(Failure(reason="malformed_response", message="the answer is not text"))
    said = event.answer.output.inline
    schema = event.step.request.output_schema
    if schema is not None:
        verdict = _judge_json(said, schema, schemas, policy)
    elif not said.strip():
        verdict = Rejected(said, (Finding(check="empty", path="", message="the answer is empty"),))
    else:
        verdict = Accepted(said)
    if isinstance(verdict, Accepted) and event.step.checks:
        return _checked(said, verdict, event.step.checks, checks, policy)
    return verdict


def _checked(
    said: str, accepted: Accepted, asked: Sequence[StepCheck], checks: Registry, policy: JudgingPolicy
) -> Accepted | Rejected:
    """Hold an output that obeys its schema against the step's checks."""
    try:
        ready = [read_check({"check": each.check, "path": each.path, **each.arguments}, checks) for each in asked]
    except BadCheck as bad:
        # The router took it: its packages are others than ours.
        return _rejected(said, "check", f"a check cannot be used: {bad}", policy, by_answer=False)
    found = (each.findings(accepted.output, policy.max_message_characters) for each in ready)
    findings = tuple(islice(chain.from_iterable(found), policy.max_findings))
    return Rejected(said, findings) if findings else accepted


def another_may_answer(step: Step, failure: Failure) -> bool:
    """Say whether a failed step is a question for the router: there are other models, and one may fare better.

    Or its answer was cut off, and another may be asked for with more room; after that it is another model's turn too.
    """
    if failure.reason == "length":
        return step.truncations > 0 or (bool(step.candidates) and _was_cut_off_before(step))
    return bool(step.candidates) and failure.reason in _CURABLE


def _was_cut_off_before(step: Step) -> bool:
    return any(tried.failure.reason == "length" for tried in step.tried)


def may_be_repaired(step: Step, verdict: Rejected) -> bool:
    """Say whether a rejected answer is a question for the router: another may be asked for, and may be better."""
    return verdict.by_answer and step.repairs > 0


def findings_of(verdict: Rejected | Failed) -> tuple[Finding, ...]:
    """Give what speaks against an answer, also where it was cut off or withheld."""
    if isinstance(verdict, Rejected):
        return verdict.findings
    return (Finding(check=verdict.failure.reason, path="", message=verdict.failure.message),)


def _unusable(answer: Answer) -> Failure | None:
    if answer.finish_reason in _CUT_OFF:
        tokens = answer.usage.output_tokens
        message = f"the answer was cut off after {tokens} tokens: raise parameters.max_output_tokens, or ask for less"
        return Failure(reason="length", message=message)
    if answer.finish_reason in _WITHHELD:
        return Failure(reason="refusal", message=f"the model did not answer ({answer.finish_reason})")
    return None


def _judge_json(said: str, schema: dict[str, Any], schemas: SchemaCache, policy: JudgingPolicy) -> Accepted | Rejected:
    try:
        compiled = schemas.compiled(schema)
        value = _parsed(said, compiled, policy)
    except SchemaRefused as refused:
        return _rejected(said, "schema", f"the output schema cannot be used: {refused}", policy, by_answer=False)
    except AnswerRefused as refused:
        return _rejected(said, refused.check, refused.message, policy)
    findings = compiled.findings(
        value, max_findings=policy.max_findings, max_message_characters=policy.max_message_characters
    )
    return Rejected(said, findings) if findings else Accepted(value)


def _parsed(said: str, compiled: CompiledSchema, policy: JudgingPolicy) -> Any:
    return parse_answer(
        said, kinds=compiled.kinds, max_characters=policy.max_answer_characters, max_depth=compiled.max_depth
    )


def _rejected(said: str, check: str, message: str, policy: JudgingPolicy, *, by_answer: bool = True) -> Rejected:
    finding = Finding(check=check, path="", message=message[: policy.max_message_characters])
    return Rejected(said, (finding,), by_answer)
