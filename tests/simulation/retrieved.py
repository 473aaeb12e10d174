"""What must hold where jobs look into collections: who is given which texts, and what is said of them.

Which texts are nearest is worked out from what the tenants have, without any code of the product.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from tests.simulation.evidence import Evidence
from tests.simulation.guides import TIMEOUT_S, texts_of, vector_of
from tests.simulation.history import Happened
from tests.simulation.jobs import TENANTS
from tests.simulation.oracle import Job
from tests.simulation.runs import Ends, Unit, order_of_ends, taken_over
from tests.simulation.seeking import GUIDED, RETRIES, TOP_K
from tests.simulation.services import pair

Text = tuple[str, str | None, str, str, str]
"""Step, item, collection, id and hash."""

_WHY = {"near": {"store", "embedder"}, "gone": {"no_collection", "store"}}
"""Why each step may have none, beside for want of time."""


def searched_twice(evidence: Evidence) -> set[Job]:
    """Give jobs one search of which has ended twice: at least once that may be, and differ."""
    counts = Counter((event.job, event.unit) for event in evidence.every("retrievals.ended"))
    return {job for (job, _), count in counts.items() if count > 1}


def _what_is_nearest_of_the_tenant(evidence: Evidence) -> Iterator[str]:
    """Check each search that has found something against what its tenant has."""
    planned = {event.spot: event for topic in pair("retrievals.planned") for event in evidence.every(topic)}
    for event in evidence.every("retrievals.ended"):
        if (output := event.data.get("output")) is None:
            continue
        asked = planned[event.cause].data
        wanted = _nearest(event.job.tenant, asked["query"], asked["equal"]["season"])
        found = {each["id"]: each["text"] for each in output["inline"]["documents"]}
        if (asked["collection"], list(found.items())) != ("guides", list(wanted.items())):
            yield f"{event.job} {event.unit} asked {asked['query']!r} and has {found}, and nearest is {wanted}"


def _what_is_found_is_named(evidence: Evidence) -> Iterator[str]:
    """Check each search: the texts that it names are those of its output, by id and hash."""
    for event in evidence.every("retrievals.ended"):
        if (output := event.data.get("output")) is None:
            continue
        given = [(each["id"], sha256(each["text"].encode()).hexdigest()) for each in output["inline"]["documents"]]
        said = [(each["id"], each["sha256"]) for each in event.data["found"].get("texts", ())]
        told = [(each["id"], each["sha256"]) for each in output["inline"]["documents"]]
        if not given == said == told:
            yield f"{event.job} {event.unit} was given {given}, and said are {said} and {told}"


def _results_name_what_was_given(evidence: Evidence) -> Iterator[str]:
    """Check the texts that each result names against what its searches, and those taken over, have found.

    At least once a search may end twice, and which end counted the log does not tell: then any of them will do.
    """
    ends, order = _ends(evidence), order_of_ends(evidence)
    for event in _guided(evidence, "jobs.finished"):
        said = [_text(each["step_id"], each, each["collection"]) for each in event.data["provenance"].get("texts", ())]
        came = {**taken_over(event, ends, order), **ends.get(event.job, {})}
        given = [text for end in came.values() for text in end["texts"]]
        runs = [units for job, units in ends.items() if _same(job, event.job)]
        ever = {text for units in runs for end in units.values() for text in end["all"]}
        if evidence.exactly_once and Counter(said) != Counter(given):
            yield f"{event.job} names {said}, and was given {given}"
        if not ever.issuperset(said):
            yield f"{event.job} names {set(said) - ever}, which it was never given"


def _nothing_of_others(evidence: Evidence) -> Iterator[str]:
    """Check all that is written about jobs that look for texts: nothing of it is another tenant's."""
    for topic in ("retrievals.ended", *pair("steps.planned"), "steps.completed", "jobs.finished"):
        for event in _guided(evidence, topic):
            written = str(event.data)
            for other in TENANTS:
                if other != event.job.tenant and f"kept by {other}" in written:
                    yield f"{topic} shows {event.job} a text of {other}"


def _lost_for_a_true_reason(evidence: Evidence) -> Iterator[str]:
    """Check why each search that has found nothing says so."""
    lost = {event.id: event for event in evidence.every("retrievals.ended") if "failure" in event.data}
    for event in lost.values():
        reason = event.data["failure"]["reason"]
        if not _is_true(event, reason):
            yield f"{event.job} {event.unit} is said to be lost for {event.data['failure']}"
    reasons = Counter(event.data["failure"]["reason"] for event in lost.values())
    failed, given_up = evidence.searches_failed, reasons["store"] + reasons["embedder"]
    too_few = failed.total() < given_up * (RETRIES + 1)
    if too_few or any(failed[each] < reasons[each] for each in ("store", "embedder")):
        yield f"lost are {dict(reasons)}, after {RETRIES + 1} tries each, and only {dict(failed)} have failed"


def _told_under_one_id(evidence: Evidence) -> Iterator[str]:
    """Check each search that was planned: what it came to has one id, as often as it may be told."""
    ids: dict[Any, set[str]] = {}
    for event in evidence.every("retrievals.ended"):
        ids.setdefault(event.cause, set()).add(event.id)
    yield from (f"what came of {each} is told with ids {found}" for each, found in ids.items() if len(found) > 1)


RETRIEVED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a search gives what is nearest of its tenant's": _what_is_nearest_of_the_tenant,
    "a search names what it gives": _what_is_found_is_named,
    "a result names the texts that its steps were given": _results_name_what_was_given,
    "no text is shown to another tenant": _nothing_of_others,
    "a search comes to nothing for a true reason": _lost_for_a_true_reason,
    "what a search came to has one id": _told_under_one_id,
}


def found_by_jobs(evidence: Evidence) -> int:
    """Count the texts that results name."""
    return sum(len(event.data["provenance"].get("texts", ())) for event in _guided(evidence, "jobs.finished"))


def _guided(evidence: Evidence, topic: str) -> list[Happened]:
    accepted = evidence.expected.accepted
    return [
        event
        for event in evidence.every(topic)
        if event.job in evidence.led and accepted[event.job]["workflow"] == GUIDED
    ]


def _ends(evidence: Evidence) -> Mapping[Job, Ends]:
    """Give what each search came to at last, with the texts of that, and of all its ends."""
    ends: dict[Job, dict[Unit, Mapping[str, Any]]] = {}
    for event in evidence.every("retrievals.ended"):
        found = event.data.get("found", {})
        texts = [_text(event.unit[0], event.data | each, found["collection"]) for each in found.get("texts", ())]
        units = ends.setdefault(event.job, {})
        before = units.get(event.unit, {}).get("all", ())
        status = "failed" if "failure" in event.data else "ok"
        units[event.unit] = {"status": status, "texts": texts, "all": [*before, *texts]}
    return ends


def _text(step_id: str, about: Mapping[str, Any], collection: str) -> Text:
    return step_id, about.get("item"), collection, about["id"], about["sha256"]


def _nearest(tenant: str, query: str, season: str) -> Mapping[str, str]:
    wanted = vector_of(query)

    def nearness(each: tuple[str, str]) -> float:
        return sum(a * b for a, b in zip(wanted, vector_of(each[1]), strict=True))

    texts = sorted(texts_of(tenant, season).items(), key=nearness, reverse=True)
    return dict(texts[:TOP_K])


def _is_true(event: Happened, reason: str) -> bool:
    if reason == "timeout":
        # The difference of two times on a clock of floats.
        return bool(round(event.data["duration_s"], 6) >= TIMEOUT_S)
    if reason == "deadline_exceeded":
        deadline = event.head.get("deadline")
        return deadline is not None and _time(deadline) <= _time(event.data["decided"]["at"])
    return reason in _WHY[event.unit[0]]


def _time(said: str) -> datetime:
    return datetime.fromisoformat(said)


def _same(one: Job, other: Job) -> bool:
    return one._replace(run=0) == other._replace(run=0)
