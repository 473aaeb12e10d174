"""What must hold where models compare answers: whose these are, who pays, and that one label follows."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

import orjson

from headchef.bound import read_pool
from headchef.equality.quoting import unquoted
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, CALLS, STEPS
from tests.simulation.reworded import asked_about

_JUDGING = frozenset({"judgements.planned", "cache.observed"})


def _of_one_tenant(evidence: Evidence) -> Iterator[str]:
    """Check that a model is shown two answers that were accepted for the tenant that asks, and no others."""
    accepted: dict[tuple[str, str], set[str]] = {}
    for event in evidence.every("cache.settled"):
        if event.data["verdict"] == "accepted":
            of = event.data["tenant"], event.data["fingerprint"]
            accepted.setdefault(of, set()).add(event.data["answer"]["output"]["inline"])
    settled = {event.spot: event.data for event in evidence.every("cache.settled")}
    for event in evidence.accounted.asked:
        data, fresh = event.data, settled[event.cause]
        answers = unquoted(data["question"]["prompt"])
        earlier = accepted.get((data["tenant"], data["source"]), set())
        said = fresh["answer"]["output"]["inline"]
        if answers is None or fresh["tenant"] != data["tenant"] or fresh["asker"] != data["asker"]:
            yield f"{data['asker']} of {data['tenant']} has {answers} compared, which is of {fresh}"
        elif not any(sorted(answers) == sorted((said, each)) for each in earlier):
            yield f"{answers} are compared, and {data['tenant']} has {said!r} and {earlier}"


def _paid_by_the_tenant(evidence: Evidence) -> Iterator[str]:
    """Check that a judgement is a bulk job of its tenant, and that its label has the price of its plans."""
    tenants = {event.data["job_id"]: event.data["tenant"] for event in evidence.accounted.planned}
    paid: dict[str, list[Decimal | None]] = {name: [] for name in tenants}
    for topic in (*STEPS, *ALL_DISPATCHED, "attempts.recorded"):
        for event in evidence.every(topic):
            if event.head.get("judgement_of") is None:
                continue
            name = event.head["job_id"]
            if event.head["tenant"] != tenants.get(name) or event.head.get("class") != "bulk":
                yield f"{event.head} is asked, and planned are {tenants}"
            elif topic == "steps.completed":
                cost = event.data.get("cost_usd")
                paid[name].append(None if cost is None else Decimal(cost))
    if not evidence.exactly_once:
        return
    for event in evidence.accounted.judged:
        costs = paid.get(event.data["job_id"], [])
        told = event.data["cost_usd"]
        wanted = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal())
        if (None if told is None else Decimal(told)) != wanted:
            yield f"{event.data} has cost {costs}"


def _one_label_each(evidence: Evidence) -> Iterator[str]:
    """Check that what is asked is planned once, ends once, and becomes one label: wrong unless a model says "same"."""
    known = evidence.accounted
    asked = {asked_about(event): event for event in known.asked}
    planned, ended = ({event.data["job_id"]: event for event in several} for several in (known.planned, known.judged))
    labels = {event.data["judgement"]["job_id"]: event for event in known.observations if "judgement" in event.data}
    if evidence.exactly_once:
        for what, several, unique in (("planned", known.planned, planned), ("ended", known.judged, ended)):
            if len(several) != len(unique):
                yield f"{what} more than once: {Counter(event.data['job_id'] for event in several)}"
    if len(planned) != len(asked) or planned.keys() != ended.keys():
        yield f"asked are {list(asked)}, planned {list(planned)}, and ended {list(ended)}"
    if labels.keys() != ended.keys():
        yield f"{list(labels)} are labels, and ended are {[event.data for event in ended.values()]}"
    for name, event in labels.items():
        if event.data["wrong"] == bool(ended[name].data["same"]) or asked_about(event) not in asked:
            yield f"the label {event.data} follows from {ended[name].data}"


def _nobody_waits(evidence: Evidence) -> Iterator[str]:
    """Check that nothing of a user's job follows from a judgement, and that no judgement has a result."""
    judgements = {event.data["job_id"] for event in evidence.accounted.planned}
    for topic in (*STEPS, *ALL_DISPATCHED, *CALLS, "jobs.finished"):
        for event in evidence.every(topic):
            of_one = event.head.get("judgement_of") is not None
            causes = {cause["topic"] for cause in event.data["decided"]["causes"]}
            if (not of_one and causes & _JUDGING) or (of_one and topic == "jobs.finished"):
                yield f"{event.job} in {topic} follows from {causes}"
            if of_one != (event.head["job_id"] in judgements):
                yield f"{event.head} in {topic} is taken for {'a judgement' if of_one else 'a job of a user'}"


def _nothing_is_left(evidence: Evidence) -> Iterator[str]:
    """Check that pools wait for no judgement in the end, and know of how many they have learnt nothing."""
    without = Counter(
        event.data["account"].encode()
        for event in {event.data["job_id"]: event for event in evidence.accounted.judged}.values()
        if event.data["same"] is None
    )
    for account, written in evidence.accounted.pools.items():
        pool = orjson.loads(written)
        if pool.get("judging"):
            yield f"the pool {account!r} still waits for {pool['judging']}"
        if evidence.exactly_once and pool.get("learnt") and (suspects := read_pool(pool["learnt"].encode()).suspects):
            yield f"the pool {account!r} still takes for wrong, as nobody has decided them: {list(suspects)}"
        if (known := pool.get("counts", {}).get("undecided", 0)) != without[account]:
            yield f"the pool {account!r} knows of {known} without a judgement, and there are {without[account]}"


JUDGED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a model compares two answers of the tenant that asks": _of_one_tenant,
    "a judgement is paid by its tenant, as a bulk job": _paid_by_the_tenant,
    "what a model says, or not, becomes one label": _one_label_each,
    "nothing waits for a judgement": _nobody_waits,
    "no judgement is under way in the end": _nothing_is_left,
}
