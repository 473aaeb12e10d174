"""What must hold where jobs ask in other words what others have asked: whose answers serve them, and what is counted.

Whether a bound allows an answer is worked out from what was said of it, without any code of the product.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, Happened
from tests.simulation.services import pair

_SEEDS = 2**48


def _answers_serve_where_they_may(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was reused: for whom it was made, and that its job wanted it."""
    asked: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in (event for topic in pair("steps.planned") for event in evidence.every(topic)):
        if (known := event.data["step"].get("semantic")) is not None:
            asked.setdefault((event.job.tenant, event.data["step"]["fingerprint"]), []).append(known)
    for event in _reused(evidence):
        question, use = event.data["step"]["semantic"], event.data["cache"]
        # The same may be asked where another judge compares answers: that is another scope.
        sources = asked.get((event.job.tenant, use["nearest"]["fingerprint"]), [])
        if not any(each["scope"] == question["scope"] and each["text"] != question["text"] for each in sources):
            yield f"{event.job}, which asks {question}, is answered what {sources} were"
        if question["mode"] != "serve":
            yield f"{event.job} is in {question['mode']} mode, and is given the answer of {use['source_job_id']}"


def _a_scope_is_all_but_the_words(evidence: Evidence) -> Iterator[str]:
    """Check that questions are in one scope if and only if all is equal that is asked, and of whom, but the words."""
    frames: dict[str, Any] = {}
    scopes: dict[bytes, str] = {}
    for topic in pair("steps.planned"):
        for event in evidence.every(topic):
            question = event.data["step"].get("semantic")
            if question is None:
                continue
            frame, scope = _around(event, question["text"]), question["scope"]
            if frames.setdefault(scope, frame) != frame or scopes.setdefault(frame, scope) != scope:
                yield f"{event.job} asks {frame!r} in the scope {scope}, which is that of {frames[scope]!r}"


def _around(event: Happened, text: str) -> bytes:
    """Give all that a step asks, and of whom, without its free text."""
    request = event.data["step"]["request"]
    asked = [{**each, "content": each["content"]["inline"].replace(text, "…")} for each in request["messages"]]
    rest = [request.get(name) for name in ("model", "parameters", "output_schema")]
    compare = event.data["step"]["semantic"].get("compare")
    return orjson.dumps([event.job.tenant, asked, rest, compare], option=orjson.OPT_SORT_KEYS)


def _as_the_bound_says(evidence: Evidence) -> Iterator[str]:
    """Check each choice: by a bound of the pool that was told, and by chance that is the job's own."""
    bounds = {(event.data["account"], event.data["number"]): event.data["bands"] for event in evidence.accounted.bounds}
    for event in _chosen(evidence):
        question, nearest = event.data["step"]["semantic"], event.data["cache"]["nearest"]
        account = "/".join((event.job.tenant, question["pool"], nearest["embedder"].replace("/", "%2F")))
        bands = bounds.get((account, nearest["bound"])) if nearest["bound"] else ()
        if bands is None:
            yield f"{event.job} is answered by the bound {nearest['bound']} of {account}, of which nobody has told"
            continue
        limit = next((each["at_most"] for each in bands if nearest["wrong"] <= each["up_to"]), 1.0)
        drawn = event.data["decided"]["seed"] / _SEEDS
        allowed = "explore" if drawn < question["explore"] else "serve"
        wanted = "ask" if limit > question["max_wrong"] else allowed
        if nearest["choice"] != wanted:
            yield f"{event.job}: {nearest['choice']}, and with at most {limit} wrong and {drawn} drawn it is {wanted}"
        if event.data["cache"]["kind"] == "semantic" and wanted != "serve":
            yield f"{event.job} is given the answer of {nearest['source_job_id']}, and was to {wanted}"


def _labels_are_of_fresh_answers(evidence: Evidence) -> Iterator[str]:
    """Check each label: a verdict has led to it that accepts an answer, of which the same was thought before."""
    settled = {event.spot: event.data for event in evidence.every("cache.settled")}
    asked = {asked_about(event): event for event in evidence.accounted.asked}
    for event in _observed(evidence, "label"):
        # One that a model has given follows from its reply, and with that from what it was asked.
        first = event if "judgement" not in event.data else asked[asked_about(event)]
        data = settled[first.cause]
        nearest, guess = data["used"]["nearest"], event.data["guess"]
        thought = {name: nearest[name] for name in ("features", "wrong", "bound", "choice")}
        same = {name: guess[name] for name in thought} == thought and event.data["source"] == nearest["fingerprint"]
        if data["verdict"] != "accepted" or not same or data["asker"] != event.data["asker"]:
            yield f"the label {event.data} is of {data}"


def _observed_once(evidence: Evidence) -> Iterator[str]:
    """Check that each observation is told once, and each answer that was reused, or refused, is told of."""
    if not evidence.exactly_once:
        return
    for about, count in Counter(map(_about, evidence.accounted.observations)).items():
        # Two people may find the same wrong; the pool counts that once.
        if count > 1 and about[1] != "corrected":
            yield f"{about} was told {count} times"
    served = Counter(event.cause for event in _observed(evidence, "served"))
    if served != Counter(event.cause for event in _reused(evidence)):
        yield f"reused are {[event.job for event in _reused(evidence)]}, and told is {served}"
    refused = {event.cause for event in _observed(evidence, "refused")}
    hits = {event.spot for event in _reused(evidence)}
    wanted = {
        event.cause
        for event in evidence.every("steps.judged")
        if event.data["verdict"] == "hit_refused" and event.cause in hits
    }
    if refused != wanted:
        yield f"refused are the hits {wanted}, and told of are {refused}"


def _counts_are_what_was_observed(evidence: Evidence) -> Iterator[str]:
    """Check what owners remember: each observation counts, once."""
    unique: Mapping[Any, Happened] = {_about(event): event for event in evidence.accounted.observations}
    wanted: dict[bytes, Counter[str]] = {}
    for event in unique.values():
        counts = wanted.setdefault(event.data["account"].encode(), Counter())
        kind = event.data["kind"]
        counts["labels" if kind == "label" else kind] += 1
        counts["wrong"] += event.data.get("wrong", False)
    asked = Counter(about[0].encode() for about in {asked_about(event) for event in evidence.accounted.asked})
    for account in wanted.keys() | evidence.accounted.pools.keys():
        known = orjson.loads(evidence.accounted.pools.get(account, b"{}"))
        told = Counter(
            {name: known.get("counts", {}).get(name, 0) for name in ("labels", "wrong", "served", "refused")}
        )
        # Of corrections the pool counts the answers that were found wrong by them, which may be many, or none.
        counted = Counter({name: count for name, count in wanted.get(account, {}).items() if name != "corrected"})
        if +told != +counted or known.get("observed", 0) != _total(wanted.get(account)) + asked[account]:
            yield f"the pool {account!r} knows of {told}, and observed are {wanted.get(account)}"


REWORDED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "another wording is answered by its tenant's answer to the same scope, and only in earnest": (
        _answers_serve_where_they_may
    ),
    "two questions are in one scope if all is equal but their free texts": _a_scope_is_all_but_the_words,
    "an answer is reused as the bound of its pool says": _as_the_bound_says,
    "a label is of a fresh answer that was accepted": _labels_are_of_fresh_answers,
    "what is known of reused answers is told once": _observed_once,
    "a pool counts each observation once": _counts_are_what_was_observed,
}


def reused_in_other_words(evidence: Evidence) -> int:
    """Count the answers that were reused for another wording."""
    return len(_reused(evidence))


def _reused(evidence: Evidence) -> list[Happened]:
    return [event for event in evidence.every("steps.completed") if event.data["cache"]["kind"] == "semantic"]


def _chosen(evidence: Evidence) -> Iterator[Happened]:
    for event in _reused(evidence):
        yield event
    for topic in ALL_DISPATCHED:
        for event in evidence.every(topic):
            # An executor that moves a step decides anew, and of something else.
            if "nearest" in event.data["cache"] and event.data["decided"]["policy_version"].startswith("semantic-"):
                yield event


def _observed(evidence: Evidence, kind: str) -> list[Happened]:
    return [event for event in evidence.accounted.observations if event.data["kind"] == kind]


def _about(event: Happened) -> Any:
    data = event.data
    return data["account"], data["kind"], data["source"], tuple(sorted(data["asker"].items()))


def asked_about(event: Happened) -> Any:
    """Name the two answers that something is about: the one that would have been reused, and that of whoever asks."""
    data = event.data
    return data["account"], data["source"], tuple(sorted(data["asker"].items()))


def _total(counts: Counter[str] | None) -> int:
    return 0 if counts is None else sum(counts[name] for name in ("labels", "served", "refused", "corrected"))
