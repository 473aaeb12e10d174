"""What must hold of jobs that go through a workflow within bounds: what they may cost, and what is asked beyond."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.services import pair
from tests.simulation.workflows import BUDGETS_USD, CHEAPER, CHEAPEST, DEAR, PARTS_S, TIGHT, TIMED


def ran_out(event: Happened) -> bool:
    """Say whether a result tells that its job was beyond its budget, and ended so."""
    return (event.data.get("failure") or {}).get("reason") == "budget_exceeded"


def _within_the_budget(evidence: Evidence) -> Iterator[str]:
    """Check what answers have cost; of prompts it is not known how many tokens a provider makes of them.

    Calls that are made again where the first one failed are paid beyond the budget; and so may be at least once.
    """
    if not evidence.exactly_once:
        return
    paid: dict[Job, Decimal] = {}
    for event in evidence.every("attempts.recorded"):
        if event.data["number"] == 1 and (usage := event.data.get("usage")) and event.data.get("price_version"):
            model = evidence.catalogues.by_version[event.data["price_version"]].models[event.data["model"]]
            if model.prices is not None:
                cost = usage.get("output_tokens", 0) * model.prices.output / 1_000_000
                paid[event.job] = paid.get(event.job, Decimal()) + cost
    for job, cost in paid.items():
        budget = BUDGETS_USD.get(_workflow(evidence, job) or "")
        if budget is not None and cost > budget:
            yield f"{job} may cost {budget} USD, and its answers alone cost {cost}"


def _budgets_only(evidence: Evidence) -> Iterator[str]:
    """Check that no job runs out of a budget that it has not."""
    for event in evidence.every("jobs.finished"):
        if event.job.tenant in evidence.accounted.budgets:
            continue
        if event.job in evidence.led and ran_out(event) and _workflow(evidence, event.job) not in BUDGETS_USD:
            yield f"{event.job} has no budget, and says {event.data['failure']}"


def _all_cheap_once_beyond(evidence: Evidence) -> Iterator[str]:
    """Check that once a question has gone to the cheapest model at first, nothing else is asked, unless that failed.

    What a router does for a job is in the order of what the job's partition told it. What had been begun before goes on
    as it was where an earlier answer does not serve; and at least once all may be done twice.
    """
    if not evidence.exactly_once:
        return
    judged = {event.spot: event for event in evidence.every("steps.judged")}
    plans: dict[Job, list[Happened]] = {}
    for event in (each for topic in pair("steps.planned") for each in evidence.every(topic)):
        if _workflow(evidence, event.job) == CHEAPER:
            plans.setdefault(event.job, []).append(event)
    says_so = {event.job for event in evidence.every("jobs.finished") if _says_that_it_was_cheaper(event)}
    for job, planned in plans.items():
        # The submission comes before all that is judged.
        order = {event.id: event.cause.offset if event.cause in judged else -1 for event in planned}
        beyond = [order[each.id] for each in planned if each.plan == 0 and _model(each) == CHEAPEST]
        if beyond and job not in says_so:
            yield f"{job} has asked {CHEAPEST} at first, and its result does not say why"
        for each in planned:
            begun_before = each.cause in judged and judged[each.cause].data["verdict"] == "hit_refused"
            cheapest_failed = CHEAPEST in [tried["model"] for tried in each.data["step"].get("tried", ())]
            is_later = bool(beyond) and order[each.id] > min(beyond)
            if is_later and _model(each) == DEAR and not begun_before and not cheapest_failed:
                yield f"{job} {each.unit} plan {each.plan} asks {DEAR}, though its budget was passed before"


def _no_repair_is_saved(evidence: Evidence) -> Iterator[str]:
    """Check that a job that ends well has had the repairs that it needed: beyond its budget it fails, or asks cheaply.

    Not where something else may be why nobody was asked: a deadline, the budget of the tenant.
    """
    if not evidence.exactly_once:
        return
    plans = (each for topic in pair("steps.planned") for each in evidence.every(topic))
    planned = {(event.job, event.unit, event.plan) for event in plans}
    well = {
        event.job
        for event in evidence.every("jobs.finished")
        if event.data["status"] == "ok"
        and _workflow(evidence, event.job) in BUDGETS_USD
        and event.job.tenant not in evidence.accounted.budgets
        and event.head.get("deadline") is None
    }
    for event in evidence.every("steps.judged"):
        following = (event.job, event.unit, event.plan + 1)
        if event.job in well and event.data["verdict"] == "rejected" and following not in planned:
            yield f"{event.job} {event.unit} plan {event.plan} was rejected, nobody asked again, and the job is ok"


def _one_time_for_a_step(evidence: Evidence) -> Iterator[str]:
    """Check that the parts of a page have one time for all of them, which counts from when the first was planned."""
    if not evidence.exactly_once:
        return
    plans: dict[Job, list[Happened]] = {}
    for event in (each for topic in pair("steps.planned") for each in evidence.every(topic)):
        if _workflow(evidence, event.job) == TIMED:
            if event.unit[0] == "parts":
                plans.setdefault(event.job, []).append(event)
            elif "deadline" in event.data["step"]:
                yield f"{event.job} {event.unit} has a time of its own"
    for job, planned in plans.items():
        first = min(datetime.fromisoformat(each.data["decided"]["at"]) for each in planned if each.plan == 0)
        times = {datetime.fromisoformat(each.data["step"]["deadline"]) for each in planned}
        # Who goes on may have a clock that is behind.
        if len(times) != 1 or min(times) < first + timedelta(seconds=PARTS_S):
            yield f"{job} has {times} for its parts, which began at {first}"


def _nothing_begins_too_late(evidence: Evidence) -> Iterator[str]:
    """Check that no call of a part begins when its time is up, by the clock of the process that makes it."""
    latest = {
        (event.job, event.unit, event.plan): datetime.fromisoformat(event.data["step"]["deadline"])
        for topic in pair("steps.planned")
        for event in evidence.every(topic)
        if "deadline" in event.data["step"]
    }
    for event in evidence.every("attempts.recorded"):
        until = latest.get((event.job, event.unit, event.plan))
        if until is not None and datetime.fromisoformat(event.data["started_at"]) >= until:
            yield f"{event.job} {event.unit} was asked at {event.data['started_at']}, after {until}"


def _more_room_once(evidence: Evidence) -> Iterator[str]:
    """Check that a title that was cut off is asked for again with twice the room, once, and then of the next model.

    And that nobody is asked for another one beside, unless it was rejected, refused, or its model failed. Nothing more
    is asked for a job that something else has failed meanwhile, or whose tenant's budget is spent.
    """
    if not evidence.exactly_once:
        return
    plans: dict[Job, dict[int, Happened]] = {}
    for event in (each for topic in pair("steps.planned") for each in evidence.every(topic)):
        if _workflow(evidence, event.job) == TIMED and event.unit[0] == "title":
            plans.setdefault(event.job, {})[event.plan] = event
    cut_off = {
        (event.job, event.plan)
        for event in evidence.every("steps.completed")
        if event.unit[0] == "title" and (event.data.get("failure") or {}).get("reason") == "length"
    }
    called_off = {
        event.job
        for event in evidence.every("jobs.finished")
        if _failed_by_others(event, "title") or _beyond_a_tenants_budget(event, "title")
    }
    for job, planned in plans.items():
        room = TIGHT
        for number, event in sorted(planned.items()):
            before = planned.get(number - 1)
            if before is not None and (job, number - 1) in cut_off:
                wanted = (_model(before), 2 * TIGHT) if room == TIGHT else (None, room)
                model, room = wanted[0], wanted[1]
                if (_model(event) != model) if model else (_model(event) == _model(before)):
                    yield f"{job} plan {number} asks {_model(event)} after {_model(before)} was cut off at {room}"
            limit = event.data["step"]["request"]["parameters"]["max_output_tokens"]
            if limit != room:
                yield f"{job} plan {number} has room for {limit} tokens in place of {room}"
        last = max(planned)
        may_be_last = job in called_off or planned[last].head.get("deadline") is not None
        if (job, last) in cut_off and room == TIGHT and not may_be_last:
            yield f"{job} was cut off, and is not asked again with more room"


BOUNDED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a job keeps within its budget": _within_the_budget,
    "a job without a budget does not run out of it": _budgets_only,
    "a job beyond its budget asks the cheapest model alone": _all_cheap_once_beyond,
    "a job without the repairs that it needed is not ok": _no_repair_is_saved,
    "an answer that was cut off is asked for again with more room": _more_room_once,
    "all items of a step have one time": _one_time_for_a_step,
    "nothing of a step begins when its time is up": _nothing_begins_too_late,
}


def _workflow(evidence: Evidence, job: Job) -> str | None:
    workflow: str | None = evidence.expected.accepted.get(job, {}).get("workflow")
    return workflow


def _failed_by_others(event: Happened, step: str) -> bool:
    failure = event.data.get("failure")
    return failure is not None and not failure["message"].startswith(step)


def _beyond_a_tenants_budget(event: Happened, step: str) -> bool:
    findings = event.data.get("findings", ())
    return any(each["path"] == f"/steps/{step}" and "the budget of the tenant" in each["message"] for each in findings)


def _says_that_it_was_cheaper(event: Happened) -> bool:
    findings = event.data.get("findings", ())
    return any(finding["check"] == "budget_exceeded" and not finding["path"] for finding in findings)


def _model(event: Happened) -> str:
    return str(event.data["step"]["request"]["model"])
