"""Decides what becomes of a step that came to nothing: a refused hit, a failure, a rejected answer. Pure.

After a rejected answer another is asked for as long as the step has repairs left. The first time a model is shown its
answer with what is wrong with it. The second time it is another model's turn, which is asked the question as it was;
where there is none, the same is shown its newest answer. So what is asked never grows.

After an answer that was cut off the same is asked with twice the room, as long as the step has truncations left, and
then the next model: there is nothing in such an answer to put right.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from headchef_contracts.events.common import MAX_OUTPUT_TOKENS, Finding, Inline
from headchef_contracts.events.jobs import Tried
from headchef_contracts.events.steps import Message, Step, StepJudged

from headchef.catalogue import Catalogue
from headchef.router.asking import (
    NobodyLeft,
    asked_of,
    fingerprint_of,
    hash_of,
    in_time,
    meant_elsewhere,
    next_model,
    out_of_reach,
    shows_images,
    written,
)
from headchef.runtime.telemetry.measures import CounterName

MAX_SHOWN_CHARACTERS = 24_000
"""Of an answer that is to be repaired, some 6,000 tokens: a longer one is shown as far as that."""

MAX_SHOWN_FINDINGS = 20


def measure(failed: Tried, following: Step) -> tuple[CounterName, Mapping[str, str]]:
    """Say what counts a step that is planned again, and with which attributes.

    Args:
        failed: what it came to before.
        following: as it is planned now.
    """
    if failed.failure.reason == "length" and following.request.model == failed.model:
        return "headchef.steps.enlarged", {"model": failed.model}
    if following.question is not None:
        return "headchef.steps.repaired", {"model": following.request.model}
    about = {"from": failed.model, "to": following.request.model, "reason": failed.failure.reason}
    return "headchef.steps.handed_over", about


def replan(step: Step) -> Step:
    """Plan a step again whose reused answer was refused: this time a model is asked."""
    return step.model_copy(update={"plan": step.plan + 1, "cache": "bypass"})


def after(
    judged: StepJudged, failed: Tried, *, catalogue: Catalogue, max_prompt_bytes: int, now: datetime
) -> Step | NobodyLeft:
    """Plan a step again by its verdict: that its model failed, or that its answer was rejected.

    Args:
        judged: the verdict.
        failed: what the step came to.
        catalogue: the models in force.
        max_prompt_bytes: of all messages together, as JSON.
        now: the time.
    """
    if (hidden := out_of_reach(judged)) is not None:
        return hidden
    if judged.said is None:
        return after_failure(judged.step, failed, catalogue=catalogue, now=now)
    return after_rejection(
        judged.step, failed, judged.said, catalogue=catalogue, now=now, max_prompt_bytes=max_prompt_bytes
    )


def after_failure(step: Step, failed: Tried, *, catalogue: Catalogue, now: datetime) -> Step | NobodyLeft:
    """Plan a step again whose model failed for good: the next candidate is asked the same.

    One whose answer was cut off is asked the same again, with more room, if the step has truncations left.

    Args:
        step: as it failed.
        failed: what it came to.
        catalogue: the models in force.
        now: the time.
    """
    if (late := in_time(step, now)) is not None:
        return late
    tried = {"tried": (*step.tried, failed)}
    if failed.failure.reason == "length" and (limit := _larger_limit(step, catalogue)) is not None:
        return _with_room(step, limit, tried)
    another = next_model(step, catalogue)
    if another is None:
        if failed.failure.reason == "length" and not step.candidates:
            return NobodyLeft("there is no more room, or none is known, and no other model")
        gone = f"{', '.join(step.candidates)}{' with images' if shows_images(step) else ''}"
        return NobodyLeft(f"no other model was asked: catalogue {catalogue.version} does not have {gone}")
    model, left = another
    return asked_of(step, model, left, catalogue, tried)


def after_rejection(
    step: Step, rejected: Tried, said: str, *, catalogue: Catalogue, now: datetime, max_prompt_bytes: int
) -> Step | NobodyLeft:
    """Plan a step again whose answer failed its checks.

    Args:
        step: as it was planned; it has repairs left.
        rejected: what that came to, with what was found.
        said: the answer.
        catalogue: the models in force.
        now: the time.
        max_prompt_bytes: of all messages, as JSON.
    """
    if (late := in_time(step, now)) is not None:
        return late
    again = {"repairs": step.repairs - 1, "tried": (*step.tried, rejected)}
    another = next_model(step, catalogue)
    if another is not None and (step.question is not None or step.request.model not in catalogue.models):
        model, left = another
        return asked_of(step, model, left, catalogue, again)
    if step.request.model not in catalogue.models:
        return NobodyLeft(f"catalogue {catalogue.version} does not have {step.request.model} any more")
    question = step.request.messages[: step.question]
    messages = (*question, _spoken("assistant", _shown(said)), _spoken("user", _wrong(rejected.findings)))
    prompt = written(messages)
    if (size := len(prompt)) > max_prompt_bytes:
        return NobodyLeft(f"with its answer the prompt has {size} bytes; at most {max_prompt_bytes} are taken")
    return step.model_copy(
        update={
            "plan": step.plan + 1,
            "prompt_sha256": sha256(prompt).hexdigest(),
            "request": step.request.model_copy(update={"messages": messages}),
            "question": len(question),
        }
        # What puts an answer right is made for that answer, and serves no other wording of the question.
        | ({} if step.semantic is None else {"semantic": None})
        | again
    )


def _larger_limit(step: Step, catalogue: Catalogue) -> int | None:
    """Give twice the output limit of a step, or what its model gives; None where that is no more, or not known."""
    model = catalogue.models.get(step.request.model)
    if step.truncations == 0 or model is None:
        return None
    known = [each for each in (step.request.parameters.max_output_tokens, model.max_output_tokens) if each is not None]
    if not known:
        return None
    limit = min(known)
    larger = min(2 * limit, MAX_OUTPUT_TOKENS if model.max_output_tokens is None else model.max_output_tokens)
    return larger if larger > limit else None


def _with_room(step: Step, limit: int, changes: dict[str, Any]) -> Step:
    """Ask the same, also if it is that an answer be put right, with another limit: a question of another name."""
    parameters = step.request.parameters.model_copy(update={"max_output_tokens": limit})
    request = step.request.model_copy(update={"parameters": parameters})
    asked = step.prompt_sha256 if step.question is None else hash_of(step.request.messages[: step.question])
    return step.model_copy(
        update={
            "plan": step.plan + 1,
            "fingerprint": fingerprint_of(step.job.tenant, asked, request),
            "request": request,
            "truncations": step.truncations - 1,
        }
        | meant_elsewhere(step, request)
        | changes
    )


def _spoken(role: Any, text: str) -> Message:
    return Message(role=role, content=Inline(inline=text))


def _shown(said: str) -> str:
    if not said.strip():
        return "(nothing)"  # Providers refuse a message without text.
    return said if len(said) <= MAX_SHOWN_CHARACTERS else f"{said[:MAX_SHOWN_CHARACTERS]}…"


def _wrong(findings: Sequence[Finding]) -> str:
    shown = findings[:MAX_SHOWN_FINDINGS]
    lines = [f"- {finding.path}: {finding.message}" if finding.path else f"- {finding.message}" for finding in shown]
    if len(findings) > MAX_SHOWN_FINDINGS:
        lines.append(f"- and {len(findings) - MAX_SHOWN_FINDINGS} more of this kind")
    listed = "\n".join(lines)
    return (
        f"Your answer cannot be used as it is. What is wrong with it:\n{listed}\n"
        "Give the whole answer again, with this put right and all else kept, and nothing beside it."
    )
