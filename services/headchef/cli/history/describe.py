"""Says in one line what an event of a job's history means."""

from collections.abc import Callable, Sequence
from typing import Any

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallEnded, CallPlanned
from headchef_contracts.events.common import Body, Finding, Inline, JobClass, Usage
from headchef_contracts.events.fetches import FetchEnded, FetchPlanned
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted, Tried
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned
from headchef_contracts.events.reservations import ReservationAnswered, ReservationAsked, ReservationReleased
from headchef_contracts.events.retrievals import RetrievalEnded, RetrievalPlanned, TextFound
from headchef_contracts.events.reviews import CommandRefused, ReviewAsked, ReviewClosed
from headchef_contracts.events.steps import (
    AttemptRecorded,
    Ended,
    Step,
    StepCompleted,
    StepDispatched,
    StepJudged,
    StepPlanned,
)

from headchef.cli.amounts import dollars, duration
from headchef.cli.history.hop import Hop
from headchef.cli.history.reuse import (
    asked_in_words,
    judgement_ended_in_words,
    judgement_planned_in_words,
    observed_in_words,
    use_in_words,
)
from headchef.router.policy import class_of
from headchef.unique import parts_of
from headchef.workflow.model import ONLY_STEP

_IDS_SHOWN = 3
_ID_CHARACTERS = 40
"""Of texts that were found: their ids are whatever somebody has loaded."""


def describe(hop: Hop) -> str:
    """Describe an event for a person, in one line."""
    if hop.event is None:
        return hop.fault or "cannot be read"
    if isinstance(hop.event, JobSubmitted):
        return _submitted(hop.event, class_of(hop.event, hop.topic))
    words = _WORDS.get(type(hop.event))
    return words(hop.event) if words else (hop.event_type or "")


def body_value(body: Body | None) -> Any:
    """Give a body's own value, or a sentence on where it lies."""
    if body is None:
        return None
    if isinstance(body, Inline):
        return body.inline
    return f"({body.ref.bytes} bytes of {body.ref.media_type} under {body.ref.sha256})"


def image_value(image: Image) -> str:
    """Give an image's address, or a few words on its bytes."""
    return image.url or f"({image.media_type}, {len(image.base64 or '') * 3 // 4:,} bytes)"


def left_behind(tried: Sequence[Tried]) -> str:
    """Name the models that were asked before, each with why it was left: `small (timeout), large (refusal)`."""
    return ", ".join(f"{each.model} ({each.failure.reason})" for each in tried)


def _tokens(usage: Usage | None) -> str:
    if usage is None:
        return "tokens unknown"
    told = [
        f"{tokens} {what} the provider's cache"
        for tokens, what in ((usage.cached_input_tokens, "read from"), (usage.cache_write_input_tokens, "written to"))
        if tokens
    ]
    counts = f"{usage.input_tokens}+{usage.output_tokens} tokens"
    return f"{counts} ({', '.join(told)})" if told else counts


def _cache(step: Step, use: CacheUse) -> str:
    return use_in_words(use, shadow=step.semantic is not None and step.semantic.mode == "shadow")


def _submitted(event: JobSubmitted, job_class: JobClass) -> str:
    shape = "template and input" if event.input is not None else "plain prompt"
    if event.workflow is not None:
        shape = f"through {event.workflow}"
    if count := len(event.images):
        shape += f", {count} image{'' if count == 1 else 's'}"
    again = f", run {event.run}" if event.run else ""
    return f"submitted by tenant {event.tenant}, {job_class}, {shape}{again}"


def _refused(event: JobRefused) -> str:
    field = f"{event.field}: " if event.field else ""
    return f"refused as {event.reason}: {field}{event.message}"


def _unit(step_id: str, item: str | None) -> str:
    return f"{step_id}: " if item is None else f"{step_id}[{item}]: "


def _of(step: Step) -> str:
    """Name the step, where a job has several."""
    return "" if step.workflow is None else _unit(step.step_id, step.item)


def _planned(event: StepPlanned) -> str:
    again = f", plan {event.step.plan}" if event.step.plan else ""
    if event.step.tried:
        again += f", after {left_behind(event.step.tried)}"
    if event.step.question is not None:
        again += ", which is shown its answer"
    return f"{_of(event.step)}planned for {event.step.request.model}{again}, fingerprint {event.step.fingerprint[:12]}"


def _dispatched(event: StepDispatched) -> str:
    if event.decided.causes[0].topic.startswith("steps.dispatched."):
        return f"{_of(event.step)}moved to a partition of lane {event.step.request.lane} that is in use"
    return f"{_of(event.step)}{_cache(event.step, event.cache)}, sent to lane {event.step.request.lane}"


def _attempt(event: AttemptRecorded) -> str:
    code = f" (HTTP {event.status_code})" if event.status_code and event.status_code != 200 else ""
    why = f": {event.message}" if event.message else ""
    outcome = event.outcome.replace("_", " ")
    spent = f"{duration(event.duration_s)}, {_tokens(event.usage)}, {dollars(event.cost_usd)}"
    unit = "" if event.step_id == ONLY_STEP else f"{event.step_id}: "
    return f"{unit}call {event.number} to {event.model}: {outcome}{code} in {spent}{why}"


def _completed(event: StepCompleted) -> str:
    if event.failure is not None:
        return f"{_of(event.step)}failed for good: {event.failure.reason}: {event.failure.message}"
    use = _cache(event.step, event.cache)
    return f"{_of(event.step)}answered ({use}), {_tokens(event.usage)}, {dollars(event.cost_usd)}"


def _judged(event: StepJudged) -> str:
    return _of(event.step) + (_ended(event.ended) if event.ended is not None else _handed_back(event))


def _ended(ended: Ended) -> str:
    why = f": {ended.failure.reason}: {ended.failure.message}" if ended.failure else ""
    wrong = f": {_wrong(ended.findings)}" if ended.findings else ""
    return f"ended {ended.status}{why}{wrong}"


def _wrong(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{each.path} {each.message}".strip() for each in findings)


def _handed_back(event: StepJudged) -> str:
    if event.said is not None:
        return f"handed back, as the answer of {event.step.request.model} was rejected: {_wrong(event.findings)}"
    if event.failed is not None:
        candidates = f"candidates are {', '.join(event.step.candidates)}"
        return f"handed back, as {event.failed.model} failed for good ({event.failed.failure.reason}): {candidates}"
    return f"{event.verdict.replace('_', ' ')}: {'; '.join(finding.message for finding in event.findings)}"


def _settled(event: CacheSettled) -> str:
    return f"cache told: {event.verdict} ({event.source_job_id})"


def _finished(event: JobFinished) -> str:
    why = f": {event.failure.reason}: {event.failure.message}" if event.failure else ""
    return f"finished: {event.status}{why}, {dollars(event.cost_usd)}"


def _call_planned(event: CallPlanned) -> str:
    return f"{_unit(event.step_id, event.item)}calls {event.function}"


def _call_ended(event: CallEnded) -> str:
    came = "came back" if event.failure is None else f"failed: {event.failure.reason}: {event.failure.message}"
    return f"{_unit(event.step_id, event.item)}{came} in {duration(event.duration_s)}"


def _fetch_planned(event: FetchPlanned) -> str:
    return f"{_unit(event.step_id, event.item)}reads {event.address.partition('?')[0]}"


def _fetch_ended(event: FetchEnded) -> str:
    if event.failure is not None:
        came = f"failed: {event.failure.reason}: {event.failure.message}"
    else:
        came = f"read {event.source.size_bytes:,} bytes" if event.source else "read"
    return f"{_unit(event.step_id, event.item)}{came} in {duration(event.duration_s)}"


def _retrieval_planned(event: RetrievalPlanned) -> str:
    return f"{_unit(event.step_id, event.item)}looks into {event.collection}"


def _retrieval_ended(event: RetrievalEnded) -> str:
    if event.failure is not None:
        came = f"failed: {event.failure.reason}: {event.failure.message}"
    else:
        came = _found(event.found.texts) if event.found else "found"
    return f"{_unit(event.step_id, event.item)}{came} in {duration(event.duration_s)}"


def _found(texts: Sequence[TextFound]) -> str:
    """Say how many texts were found, and which are nearest."""
    ids = [each.id if len(each.id) <= _ID_CHARACTERS else f"{each.id[: _ID_CHARACTERS - 1]}…" for each in texts]
    nearest = f": {', '.join(ids[:_IDS_SHOWN])}" if ids else ""
    return f"found {len(texts)} text{'' if len(texts) == 1 else 's'}{nearest}{', …' if len(ids) > _IDS_SHOWN else ''}"


def _asked(event: ReservationAsked) -> str:
    return f"{_unit(event.step_id, event.item)}wants the {event.name} {event.value!r} on {event.site}"


def _answered(event: ReservationAnswered) -> str:
    failure = event.failure
    came = "has it" if failure is None else f"does not get it: {failure.reason}: {failure.message}"
    return f"{_unit(event.step_id, event.item)}{came}"


def _released(event: ReservationReleased) -> str:
    _, site, name, value = parts_of(event.account)
    what = f"the {name} {value!r} on {site}"
    return f"gives back {what}" if event.by is None else f"{event.by} takes away {what}"


def _review_asked(event: ReviewAsked) -> str:
    due = f"{event.due:%Y-%m-%d %H:%M:%S} UTC"
    return f"{_unit(event.step_id, event.item)}asks a person until {due}, otherwise {event.otherwise.replace('_', ' ')}"


def _review_closed(event: ReviewClosed) -> str:
    who = "as nobody decided" if event.by is None else f"by {event.by}"
    if event.outcome == "called_off":
        who = "as the job had ended, or was ended"
    why = f": {event.because}" if event.because else ""
    return f"{_unit(event.step_id, event.item)}{event.outcome.replace('_', ' ')} {who}{why}"


def _command_refused(event: CommandRefused) -> str:
    return f"{_unit(event.step_id, event.item)}a decision changed nothing: {event.reason}: {event.message}"


_WORDS: dict[type, Callable[[Any], str]] = {
    JobRefused: _refused,
    StepPlanned: _planned,
    StepDispatched: _dispatched,
    AttemptRecorded: _attempt,
    StepCompleted: _completed,
    CallPlanned: _call_planned,
    CallEnded: _call_ended,
    FetchPlanned: _fetch_planned,
    FetchEnded: _fetch_ended,
    RetrievalPlanned: _retrieval_planned,
    RetrievalEnded: _retrieval_ended,
    ReservationAsked: _asked,
    ReservationAnswered: _answered,
    ReservationReleased: _released,
    ReviewAsked: _review_asked,
    ReviewClosed: _review_closed,
    CommandRefused: _command_refused,
    StepJudged: _judged,
    CacheSettled: _settled,
    CacheObserved: observed_in_words,
    JudgementAsked: asked_in_words,
    JudgementPlanned: judgement_planned_in_words,
    JudgementEnded: judgement_ended_in_words,
    JobFinished: _finished,
}
