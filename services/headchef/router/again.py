"""Decides what becomes of a step that came to nothing: a refused hit, a failure, a rejected answer. Pure.

After a rejected answer another is asked for as long as the step has repairs left. The first time a model is shown its
answer with what is wrong with it. The second time it is another model's turn, which is asked the question as it was;
where there is none, the same is shown its newest answer. So what is asked never grows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from headchef_contracts.events.common import Finding, Inline
from headchef_contracts.events.jobs import Tried
from headchef_contracts.events.steps import Message, Step

from headchef.catalogue import Catalogue
from headchef.router.asking import NobodyLeft, asked_of, hash_of, in_time, next_model, shows_images, size_of

MAX_SHOWN_CHARACTERS = 24_000
"""Of an answer that is to be repaired, some 6,000 tokens: a longer one is shown as far as that."""

MAX_SHOWN_FINDINGS = 20


def replan(step: Step) -> Step:
    """Plan a step again whose reused answer was refused: this time a model is asked."""
    return step.model_copy(update={"plan": step.plan + 1, "cache": "bypass"})


def after_failure(step: Step, failed: Tried, *, catalogue: Catalogue, now: datetime) -> Step | NobodyLeft:
    """Plan a step again whose model failed for good: the next candidate is asked the same.

    Args:
        step: as it failed.
        failed: what it came to.
        catalogue: the models in force.
        now: the time.
    """
    if (late := in_time(step, now)) is not None:
        return late
    another = next_model(step, catalogue)
    if another is None:
        gone = f"{', '.join(step.candidates)}{' with images' if shows_images(step) else ''}"
        return NobodyLeft(f"no other model was asked: catalogue {catalogue.version} does not have {gone}")
    model, left = another
    return asked_of(step, model, left, catalogue, {"tried": (*step.tried, failed)})


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
    if (size := size_of(messages)) > max_prompt_bytes:
        return NobodyLeft(f"with its answer the prompt has {size} bytes; at most {max_prompt_bytes} are taken")
    return step.model_copy(
        update={
            "plan": step.plan + 1,
            "prompt_sha256": hash_of(messages),
            "request": step.request.model_copy(update={"messages": messages}),
            "question": len(question),
        }
        | again
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
