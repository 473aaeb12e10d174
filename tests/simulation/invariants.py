"""What must hold in every world once its faults have stopped and it is quiet: a table of checks.

To add one: write a function from the evidence to the violations it finds, in words, and put it into `INVARIANTS`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TypeVar

from headchef_contracts.events.cache_use import REUSED

from headchef.runtime.log.port import Record
from tests.simulation.bounded import BOUNDED
from tests.simulation.braked import (
    cancelled_only_by_a_cancel,
    no_call_long_after_a_brake,
    no_call_under_a_brake_that_is_known,
    what_was_said_last_everywhere,
)
from tests.simulation.candidates import asked_in_order, failed_only_where_all_did, results_add_up
from tests.simulation.chains import (
    a_thing_has_one_id,
    an_id_means_one_thing,
    nothing_after_the_end,
    one_chain_of_events,
    refused_place,
)
from tests.simulation.claimed import nothing_comes_of_wrong_claims
from tests.simulation.coalesced import COALESCED
from tests.simulation.corrected import CORRECTED
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, DISPATCHED, Happened
from tests.simulation.invalidated import INVALIDATED
from tests.simulation.judged import JUDGED
from tests.simulation.led import LED
from tests.simulation.money import (
    a_step_costs_what_its_attempts_cost,
    all_of_the_bill_where_no_answer_was_lost,
    never_more_than_the_bill,
)
from tests.simulation.moves import moved_into_use, no_call_where_nothing_is_in_use
from tests.simulation.oracle import Place
from tests.simulation.purses import PURSES
from tests.simulation.questions import (
    asked_under_its_names,
    the_answer_that_was_rejected_is_shown,
    the_question_stays,
)
from tests.simulation.refilled import REFILL
from tests.simulation.repairs import (
    nobody_is_asked_too_late,
    repaired_as_often_as_said,
    repaired_before_the_next,
    the_next_model_after_two,
)
from tests.simulation.reserved import RESERVED
from tests.simulation.retrieved import RETRIEVED
from tests.simulation.reviewed import REVIEWED
from tests.simulation.reworded import REWORDED
from tests.simulation.runs import RUNS
from tests.simulation.seeing import answers_are_of_the_right_images
from tests.simulation.services import CATALOGUE, HOSTS, pair
from tests.simulation.trail import FRONT_DOORS, topic_of
from tests.simulation.verdicts import (
    results_have_the_answer,
    the_findings_say_what_is_wrong,
    what_is_accepted_is_good,
    what_is_rejected_is_bad,
)
from tests.simulation.versions import by_what_was_published, the_last_good_one_everywhere

T = TypeVar("T")
Check = Callable[[Evidence], Iterable[str]]


def _a_result_each(evidence: Evidence) -> Iterator[str]:
    finished = Counter(event.job for event in evidence.every("jobs.finished"))
    lost, accepted = evidence.lost_jobs, evidence.expected.accepted
    wanted = Counter(job for job in accepted if finished[job] or job not in lost)
    yield from _differences(evidence, "result", wanted, finished)


def _a_refusal_each(evidence: Evidence) -> Iterator[str]:
    refused = Counter(refused_place(event) for event in evidence.every("jobs.refused"))
    yield from _differences(evidence, "refusal", Counter(evidence.expected.refused.keys()), refused)


def _a_dead_letter_each(evidence: Evidence) -> Iterator[str]:
    wanted = Counter((place, value) for place, value in evidence.expected.refused.items())
    found = Counter(
        (_original_place(letter), letter.value) for door in FRONT_DOORS for letter in evidence.letters[door]
    )
    yield from _differences(evidence, "dead letter", wanted, found)


def _poison_is_put_aside(evidence: Evidence) -> Iterator[str]:
    for topic, letters in evidence.letters.items():
        if topic not in FRONT_DOORS:
            wanted = Counter(evidence.poison.get(topic, ()))
            found = Counter(letter.value or b"" for letter in letters)
            yield from _differences(evidence, f"dead letter of {topic}", wanted, found)


def _misplaced_is_forwarded(evidence: Evidence) -> Iterator[str]:
    wanted = Counter((place, value) for place, value in evidence.expected.forwarded.items())
    # A record that is sent on again keeps only its newest mark, but is expected at its newest place too.
    yield from _differences(evidence, "forwarded copy", wanted, evidence.forwarded)


def _where_the_lane_of_the_model_says(evidence: Evidence) -> Iterator[str]:
    for lane, both in DISPATCHED.items():
        for event in (event for topic in both for event in evidence.every(topic)):
            model = event.data["step"]["request"]["model"]
            if CATALOGUE.models[model].lane != lane:
                yield f"{event.job} is for {model}, and was sent to the lane {lane}"
    for number, billed in evidence.bill.items():
        if billed.host != HOSTS[CATALOGUE.models[billed.model].lane]:
            yield f"the call {number} asked {billed.host} for {billed.model}"


def _the_topic_of_its_class(evidence: Evidence) -> Iterator[str]:
    for topic in (*pair("steps.planned"), *ALL_DISPATCHED):
        of = "bulk" if topic.endswith(".bulk") else "interactive"
        for event in evidence.every(topic):
            named = event.data["step"]["job"].get("class", "interactive")
            if named != of or named not in evidence.expected.classes.get(event.job, {named}):
                yield f"{event.job}, which may be {evidence.expected.classes.get(event.job)}, is {named} in {topic}"


def _no_job_fails_where_a_lane_stands_still(evidence: Evidence) -> Iterator[str]:
    """Nor does another model answer it for that: the first one will be back."""
    ends = [(event, event.data.get("failure")) for event in evidence.every("jobs.finished")]
    left = [(event, event.data.get("failed", {}).get("failure")) for event in evidence.every("steps.judged")]
    for event, failure in (*ends, *left):
        if failure is not None and failure["reason"] in ("credentials", "unknown_model"):
            yield f"{event.job} failed: {failure}"


def _no_answer_crosses_tenants(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was reused: a call has given it for that tenant, to the question that it is said to be of.

    A store may spoil what it hands out, and then has cut it in half.
    """
    completed = [event for event in evidence.every("steps.completed") if event.data.get("answer") is not None]
    made: dict[tuple[str, str], set[str]] = {}
    for event in completed:
        if event.data["cache"]["kind"] not in REUSED:
            made.setdefault((event.job.tenant, event.data["step"]["fingerprint"]), set()).add(_answer_of(event))
    for event in completed:
        use = event.data["cache"]
        if use["kind"] in REUSED:
            of = use["nearest"] if use["kind"] == "semantic" else event.data["step"]
            given = made.get((event.job.tenant, of["fingerprint"]), set())
            if _answer_of(event) not in given | {each[: len(each) // 2] for each in given}:
                yield f"{event.job} got an answer that no call for its tenant gave to the same question"


def _what_is_lost_has_expired(evidence: Evidence) -> Iterator[str]:
    if evidence.lost and not evidence.kind.expires:
        yield f"{evidence.lost} are named as lost where nothing expires"


def _nothing_is_left(evidence: Evidence) -> Iterator[str]:
    yield from (f"{partition} is not read to its end, or its end is open" for partition in evidence.unhandled)


def _everything_ends_in_time(evidence: Evidence) -> Iterator[str]:
    if not evidence.in_time:
        yield f"not quiet after {evidence.bound_s:g} s without faults, or its records go round for ever"


INVARIANTS: Mapping[str, Check] = {
    "every accepted job has a result": _a_result_each,
    "every refused record has a refusal": _a_refusal_each,
    "every refused record is in the dead letters, with its raw bytes": _a_dead_letter_each,
    "what is no event of an internal topic is in its dead letters": _poison_is_put_aside,
    "nothing comes of what claims a tenant that is bound elsewhere": nothing_comes_of_wrong_claims,
    "every misplaced record is forwarded": _misplaced_is_forwarded,
    "the events of a job form one chain": one_chain_of_events,
    "no event of a job comes after its result": nothing_after_the_end,
    "an event id stands for one event": an_id_means_one_thing,
    "a result and a refusal keep their event id": a_thing_has_one_id,
    "recorded cost never exceeds the bill": never_more_than_the_bill,
    "recorded cost is the bill where nothing could be lost": all_of_the_bill_where_no_answer_was_lost,
    "a process writes the same to the provider's cache once at a time": attrgetter("written_at_once"),
    "a step costs what its attempts cost": a_step_costs_what_its_attempts_cost,
    "a job goes where the lane of its model says": _where_the_lane_of_the_model_says,
    "a step is in the topic of its job's class": _the_topic_of_its_class,
    "no call begins in a partition that its process knows not to be in use": no_call_where_nothing_is_in_use,
    "a step moves from a partition that is not in use to one that is": moved_into_use,
    "bulk overtakes an interactive step at a lane by its share": attrgetter("overtakings"),
    "a model and those that stand in for it are asked in order": asked_in_order,
    "a job fails only where all its candidates did": failed_only_where_all_did,
    "an answer that is accepted is as its job wants it": what_is_accepted_is_good,
    "an answer that is rejected is not as its job wants it": what_is_rejected_is_bad,
    "a result has the answer that was judged": results_have_the_answer,
    "what is rejected says what is wrong with it": the_findings_say_what_is_wrong,
    "no more answers are asked for than a job has repairs": repaired_as_often_as_said,
    "a model whose answers are rejected twice is not asked again while there is another": the_next_model_after_two,
    "a model is asked to put its answer right before another is asked": repaired_before_the_next,
    "nobody is asked to put it right after the deadline": nobody_is_asked_too_late,
    "a step asked again asks the same": the_question_stays,
    "a model is shown the answer of its own that was rejected": the_answer_that_was_rejected_is_shown,
    "a result adds up what all its plans came to": results_add_up,
    **LED,
    **RESERVED,
    **RETRIEVED,
    **COALESCED,
    **BOUNDED,
    **REWORDED,
    **JUDGED,
    **RUNS,
    **REVIEWED,
    **PURSES,
    **CORRECTED,
    "no call begins after a freeze before the process is in its group again": attrgetter("stray_calls"),
    "a lane has no more calls than its quota": attrgetter("beyond_quota"),
    "no more calls of a lane go on at once than may": attrgetter("beyond_at_once"),
    "each decision names a catalogue that was in force": by_what_was_published,
    "every process ends with the last good catalogue": the_last_good_one_everywhere,
    "no call begins under a brake that its process knows": no_call_under_a_brake_that_is_known,
    "no call begins later than two seconds after a brake": no_call_long_after_a_brake,
    "a job is cancelled only by a cancel that came after it": cancelled_only_by_a_cancel,
    "every executor ends with the brakes that are set": what_was_said_last_everywhere,
    "while an account or a model refuses all, a process tries seldom": attrgetter("calls_in_vain"),
    "no job fails for want of a key, money or a model": _no_job_fails_where_a_lane_stands_still,
    "no answer crosses tenants": _no_answer_crosses_tenants,
    **INVALIDATED,
    **REFILL,
    "the caches' store keeps to its bound, and what is worth least goes": attrgetter("store.beyond"),
    "an answer is of the images of its job": answers_are_of_the_right_images,
    "what is asked is known by its hash and its fingerprint": asked_under_its_names,
    "no model that takes no images is shown any": attrgetter("shown_in_vain"),
    "what is large lies in the store, for its tenant alone, and is named by its hash": attrgetter("misnamed"),
    "nothing is lost where nothing expires": _what_is_lost_has_expired,
    "at every commit": attrgetter("broken"),
    "nothing is left unread or uncommitted": _nothing_is_left,
    "everything ends in time": _everything_ends_in_time,
    "no process fails without a fault outside": attrgetter("failures"),
}


def violations(evidence: Evidence) -> list[str]:
    """Check everything, and give what does not hold, in words."""
    return [f"{name}: {found}" for name, check in INVARIANTS.items() for found in check(evidence)]


def _differences(evidence: Evidence, what: str, wanted: Counter[T], found: Counter[T]) -> Iterator[str]:
    """Compare how often each thing is there: as often as wanted, or at least once more often too."""
    for each in dict.fromkeys([*wanted, *found]):
        too_many = found[each] > wanted[each] if evidence.exactly_once else not wanted[each]
        if too_many or found[each] < wanted[each]:
            yield f"{each!r} should have {wanted[each]} {what}, has {found[each]}"


def _original_place(letter: Record) -> Place:
    headers, of = dict(letter.headers), topic_of(letter.topic).removesuffix(".dlq")
    return Place(of, int(headers["kafka_original-partition"] or b""), int(headers["kafka_original-offset"] or b""))


def _answer_of(event: Happened) -> str:
    return str(event.data["answer"]["output"].get("inline"))
