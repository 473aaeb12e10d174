"""What must hold in every world once its faults have stopped and it is quiet: a table of checks.

To add one: write a function from the evidence to the violations it finds, in words, and put it into `INVARIANTS`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

from headchef_contracts.events.common import Usage

from headchef.executor.pricing import cost_of
from headchef.runtime.log.port import Record
from tests.simulation.evidence import Evidence
from tests.simulation.history import EVENT_TOPICS, Happened
from tests.simulation.oracle import Job, Place
from tests.simulation.services import CATALOGUE, LANE

T = TypeVar("T")
Check = Callable[[Evidence], Iterable[str]]

_PRICES = CATALOGUE.models[CATALOGUE.default_model].prices


def _one_result_each(evidence: Evidence) -> Iterator[str]:
    finished = Counter(event.job for event in evidence.events("jobs.finished"))
    for job in evidence.expected.accepted:
        if finished[job] != 1:
            yield f"{job} was accepted and has {finished[job]} results"
    yield from (f"{job} was not accepted and has a result" for job in finished if job not in evidence.expected.accepted)


def _one_refusal_each(evidence: Evidence) -> Iterator[str]:
    refused = Counter(
        Place(event.data["source"]["partition"], event.data["source"]["offset"])
        for event in evidence.events("jobs.refused")
    )
    yield from _differences("refusal", Counter(evidence.expected.refused.keys()), refused)


def _one_dead_letter_each(evidence: Evidence) -> Iterator[str]:
    wanted = Counter((place, value) for place, value in evidence.expected.refused.items())
    found = Counter((_original_place(letter), letter.value) for letter in evidence.letters["jobs.submitted"])
    yield from _differences("dead letter", wanted, found)


def _poison_is_put_aside(evidence: Evidence) -> Iterator[str]:
    for topic, letters in evidence.letters.items():
        if topic != "jobs.submitted":
            wanted = Counter(evidence.poison.get(topic, ()))
            found = Counter(letter.value or b"" for letter in letters)
            yield from _differences(f"dead letter of {topic}", wanted, found)


def _forwarded_once(evidence: Evidence) -> Iterator[str]:
    wanted = Counter((place, value) for place, value in evidence.expected.forwarded.items())
    found = Counter(
        (Place(*map(int, source.split(b"/"))), record.value)
        for record in evidence.submitted
        for name, source in record.headers
        if name == "headchef-forwarded-from" and source is not None
    )
    # A record that is sent on again keeps only its newest mark, but is expected at its newest place too.
    yield from _differences("forwarded copy", wanted, found)


def _one_chain_of_events(evidence: Evidence) -> Iterator[str]:
    """Each plan is planned and completed once, all but the last are handed back, and nothing follows the result."""
    counts: dict[str, Counter[tuple[Job, int]]] = {
        topic: Counter((event.job, event.plan) for event in evidence.events(topic))
        for topic in ("steps.planned", "steps.completed", "steps.judged", f"steps.dispatched.{LANE}")
    }
    planned, completed, judged, dispatched = counts.values()
    for job in evidence.expected.accepted:
        plans = [plan for each, plan in planned if each == job]
        for plan in range(max(plans, default=0) + 1):
            chain = (planned[job, plan], completed[job, plan], judged[job, plan])
            if chain != (1, 1, int(plan < max(plans, default=0))) or dispatched[job, plan] > 1:
                yield f"{job} plan {plan}: planned, completed, judged {chain}, dispatched {dispatched[job, plan]}"
    known = evidence.expected.accepted
    yield from (
        f"an event of {job}, which was not accepted" for job, _ in sum(counts.values(), Counter()) if job not in known
    )


def _nothing_after_the_end(evidence: Evidence) -> Iterator[str]:
    ended_ms = {event.job: event.record.timestamp_ms for event in evidence.events("jobs.finished")}
    for topic in ("steps.planned", f"steps.dispatched.{LANE}", "steps.completed", "steps.judged"):
        for event in evidence.events(topic):
            if event.record.timestamp_ms > ended_ms.get(event.job, event.record.timestamp_ms):
                yield f"{topic} has an event of {event.job} from after its result"


def _every_id_once(evidence: Evidence) -> Iterator[str]:
    for topic in EVENT_TOPICS:
        ids = Counter(event.id for event in evidence.events(topic))
        yield from (f"{topic} has event id {each} {count} times" for each, count in ids.items() if count > 1)


def _never_more_than_the_bill(evidence: Evidence) -> Iterator[str]:
    recorded = Counter(_request_of(event) for event in _paid(evidence))
    for number, count in recorded.items():
        if number not in evidence.bill or count > 1:
            yield f"the call {number} is recorded {count} times and billed {int(number in evidence.bill)} times"
    for event in _paid(evidence):
        billed = evidence.bill.get(_request_of(event))
        if billed is not None and event.cost_usd != _cost(billed.input_tokens, billed.output_tokens):
            yield f"the call {_request_of(event)} was billed otherwise than recorded: {event.cost_usd}"


def _all_of_the_bill_where_no_answer_was_lost(evidence: Evidence) -> Iterator[str]:
    if evidence.faults.lose_calls:
        return
    recorded = {_request_of(event) for event in _paid(evidence)}
    for number, billed in evidence.bill.items():
        if billed.told and number not in recorded:
            yield f"the call {number} was billed and answered, and is not recorded"


def _a_result_costs_what_its_attempts_cost(evidence: Evidence) -> Iterator[str]:
    attempts: dict[tuple[Job, int], Decimal] = {}
    for event in _paid(evidence):
        key = (event.job, event.plan)
        attempts[key] = attempts.get(key, Decimal(0)) + (event.cost_usd or Decimal(0))
    for event in evidence.events("steps.completed"):
        plan = (event.job, event.plan)
        if (event.cost_usd or Decimal(0)) != attempts.get(plan, Decimal(0)):
            yield f"{plan} says {event.cost_usd} USD, its attempts {attempts.get(plan)}"


def _no_call_after_a_freeze(evidence: Evidence) -> Iterator[str]:
    yield from evidence.stray_calls


def _no_answer_crosses_tenants(evidence: Evidence) -> Iterator[str]:
    made = {
        (event.job.tenant, str(event.data["answer"]["output"]))
        for event in evidence.events("steps.completed")
        if event.data.get("answer") is not None and event.data["cache"]["kind"] != "exact"
    }
    ended = [event for event in evidence.events("jobs.finished") if event.data["cache"]["kind"] == "exact"]
    reused = {
        event.job: event for event in evidence.events("steps.completed") if event.data["cache"]["kind"] == "exact"
    }
    for event in ended:
        answer = str(reused[event.job].data["answer"]["output"])
        if (event.job.tenant, answer) not in made:
            yield f"{event.job} got an answer that no call for its tenant gave"


def _nothing_is_left(evidence: Evidence) -> Iterator[str]:
    yield from (f"{partition} is not read to its end, or its end is open" for partition in evidence.unhandled)


def _everything_ends_in_time(evidence: Evidence) -> Iterator[str]:
    if not evidence.in_time:
        yield f"not quiet after {evidence.bound_s:g} s without faults"


def _no_process_fails_by_itself(evidence: Evidence) -> Iterator[str]:
    yield from evidence.failures


INVARIANTS: Mapping[str, Check] = {
    "every accepted job has exactly one result": _one_result_each,
    "every refused record has exactly one refusal": _one_refusal_each,
    "every refused record is in the dead letters once, with its raw bytes": _one_dead_letter_each,
    "what is no event of an internal topic is in its dead letters once": _poison_is_put_aside,
    "every misplaced record is forwarded once": _forwarded_once,
    "the events of a job form one chain": _one_chain_of_events,
    "no event of a job comes after its result": _nothing_after_the_end,
    "every event id is there once": _every_id_once,
    "recorded cost never exceeds the bill": _never_more_than_the_bill,
    "recorded cost is the bill where nothing could be lost": _all_of_the_bill_where_no_answer_was_lost,
    "a step costs what its attempts cost": _a_result_costs_what_its_attempts_cost,
    "no call begins after a freeze before the process is in its group again": _no_call_after_a_freeze,
    "no answer crosses tenants": _no_answer_crosses_tenants,
    "nothing is left unread or uncommitted": _nothing_is_left,
    "everything ends in time": _everything_ends_in_time,
    "no process fails without a fault outside": _no_process_fails_by_itself,
}


def violations(evidence: Evidence) -> list[str]:
    """Check everything, and give what does not hold, in words."""
    return [f"{name}: {found}" for name, check in INVARIANTS.items() for found in check(evidence)]


def _differences(what: str, wanted: Counter[T], found: Counter[T]) -> Iterator[str]:
    for each in dict.fromkeys([*wanted, *found]):
        if wanted[each] != found[each]:
            yield f"{each!r} should have {wanted[each]} {what}, has {found[each]}"


def _original_place(letter: Record) -> Place:
    headers = dict(letter.headers)
    return Place(int(headers["kafka_original-partition"] or b""), int(headers["kafka_original-offset"] or b""))


def _paid(evidence: Evidence) -> list[Happened]:
    return [event for event in evidence.events("attempts.recorded") if event.data.get("usage") is not None]


def _request_of(event: Happened) -> str:
    return str(event.data.get("provider_request_id"))


def _cost(input_tokens: int, output_tokens: int) -> Decimal | None:
    return cost_of(Usage(input_tokens=input_tokens, output_tokens=output_tokens), _PRICES)
