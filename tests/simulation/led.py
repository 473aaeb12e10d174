"""What must hold of jobs that go through a workflow: each step once, and the result that follows from them.

Worked out from the workflow as a reader understands it (`workflows.py`), without any code of the product.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from tests.simulation.bounded import ran_out
from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.reserving import TITLED, output_of_claims
from tests.simulation.retrieved import searched_twice
from tests.simulation.reviewed import decided_twice, ends_of_reviews, signed_page
from tests.simulation.runs import order_of_ends, taken_over
from tests.simulation.seeking import GUIDED, output_of_guides
from tests.simulation.services import pair
from tests.simulation.taste import SOUR
from tests.simulation.workflows import BUDGETS_USD, LEAST_SHARE, LONG, SIGNED, TIMED, UNTITLED, page_of

Unit = tuple[str, str | None]
Ends = Mapping[Unit, Mapping[str, Any]]
"""What each step or item came to."""

_TOO_LATE: Mapping[str, Any] = {"status": "failed", "failure": {"reason": "step_budget_exceeded"}}
"""What becomes of a part that is not begun, since the time of its step is up."""

_CALLED_OFF = {"cancelled": "cancelled", "deadline_exceeded": "failed"}
"""What ends a job whatever its workflow does about errors, and how the job ends then."""


def _each_step_once(evidence: Evidence) -> Iterator[str]:
    """Check that each plan is made, completed and judged once; and each unit is begun with its first plan, and ends."""
    planned, completed, judged = (
        Counter((event.job, event.unit, event.plan) for topic in each for event in _led(evidence, topic))
        for each in (pair("steps.planned"), ("steps.completed",), ("steps.judged",))
    )
    for each in dict.fromkeys([*planned, *completed, *judged]):
        chain = (planned[each], completed[each], judged[each])
        if chain != (1, 1, 1) and (evidence.exactly_once or 0 in chain):
            yield f"{each}: planned, completed, judged {chain}"
        job, unit, plan = each
        if plan and not planned[job, unit, plan - 1]:
            yield f"{each} is planned without a plan before"


def _each_call_once(evidence: Evidence) -> Iterator[str]:
    """Check that each function, document and search that a step needs is asked for and comes back once."""
    for kind in ("calls", "fetches", "retrievals"):
        planned, ended = (
            Counter((event.job, event.unit) for topic in each for event in _led(evidence, topic))
            for each in (pair(f"{kind}.planned"), (f"{kind}.ended",))
        )
        for each in dict.fromkeys([*planned, *ended]):
            times = (planned[each], ended[each])
            if times != (1, 1) and (evidence.exactly_once or 0 in times):
                yield f"{each}: {kind} planned, ended {times}"


def _results_follow(evidence: Evidence) -> Iterator[str]:
    """Check each result against what its steps came to.

    At least once a plan may be made twice, and come to two things. Which of them counted the log does not tell, nor
    which a further run has taken over.
    """
    judged = Counter((event.job, event.unit, event.plan) for event in _led(evidence, "steps.judged"))
    twice = {job for (job, _, _), count in judged.items() if count > 1} | decided_twice(evidence)
    twice |= searched_twice(evidence)
    doubtful = {job._replace(run=0) for job in twice}
    ends, order = _ends(evidence), order_of_ends(evidence)
    for event in _led(evidence, "jobs.finished"):
        if event.job._replace(run=0) not in doubtful:
            payload = evidence.expected.accepted[event.job]
            bounded = payload["workflow"] in BUDGETS_USD or event.job.tenant in evidence.accounted.budgets
            if bounded and ran_out(event):
                continue  # How much was reserved when, the log does not tell.
            came = {**taken_over(event, ends, order), **ends.get(event.job, {})}
            wanted = _wanted(payload, came)
            found = (event.data["status"], _inline(event.data["output"]))
            if found not in wanted:
                yield f"{event.job} is {found}, and of {came} follows {wanted}"


def _parts_are_not_sour(evidence: Evidence) -> Iterator[str]:
    """Check each part that was accepted."""
    for event in _led(evidence, "steps.judged"):
        ended = event.data.get("ended", {})
        if ended.get("status") == "ok" and event.unit[0] == "parts" and SOUR in str(ended["output"]):
            yield f"{event.job} {event.unit} is {ended['output']}"


def _results_say_what_was_paid(evidence: Evidence) -> Iterator[str]:
    """Check cost and calls of each result against what was completed. At least once some may be paid twice."""
    if not evidence.exactly_once:
        return
    paid: dict[Job, list[Happened]] = {}
    for event in _led(evidence, "steps.completed"):
        paid.setdefault(event.job, []).append(event)
    for event in _led(evidence, "jobs.finished"):
        ends = paid.get(event.job, [])
        costs = [end.cost_usd for end in ends]
        cost_usd = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
        calls = sum(end.data["attempts"] for end in ends)
        said = (event.cost_usd, event.data["provenance"]["attempts"])
        if said != (cost_usd, calls):
            yield f"{event.job} says {said}, its steps {(cost_usd, calls)}"


LED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a step of a workflow is done once": _each_step_once,
    "a function is called, a document read and a collection searched once for a step": _each_call_once,
    "the result of a workflow follows from what its steps came to": _results_follow,
    "a workflow goes on with answers alone that pass": _parts_are_not_sour,
    "the result of a workflow says what its steps cost": _results_say_what_was_paid,
}


def _led(evidence: Evidence, topic: str) -> list[Happened]:
    return [event for event in evidence.every(topic) if event.job in evidence.led]


def _ends(evidence: Evidence) -> Mapping[Job, Ends]:
    """Give what each unit came to: as it was judged, or where a router gave it up, the failure of its last plan."""
    ends: dict[Job, dict[Unit, Mapping[str, Any]]] = {}
    for event in sorted(_led(evidence, "steps.judged"), key=lambda each: each.plan):
        given_up = {"status": "failed", "failure": {"reason": event.data["verdict"]}, "output": None}
        came = event.data.get("ended", given_up)
        late = _TOO_LATE if _too_late_for_its_step(event, came) else {}
        ends.setdefault(event.job, {})[event.unit] = {**came, **late}
    others = ("calls.ended", "fetches.ended", "retrievals.ended", "reservations.answered")
    for event in (each for topic in others for each in _led(evidence, topic)):
        failure = event.data.get("failure", {})
        about = {"status": "failed" if failure else "ok", "failure": failure, "output": event.data.get("output")}
        ends.setdefault(event.job, {})[event.unit] = about
    for job, unit, came_of_it in ends_of_reviews(evidence):
        ends.setdefault(job, {})[unit] = came_of_it
    return ends


def _too_late_for_its_step(event: Happened, came: Mapping[str, Any]) -> bool:
    """Say whether it was the time of its step alone that was up."""
    step, job = event.data["step"].get("deadline"), event.head.get("deadline")
    is_late = (came.get("failure") or {}).get("reason") == "deadline_exceeded"
    return is_late and step is not None and (job is None or _time(step) < _time(job))


def _wanted(payload: Mapping[str, Any], came: Ends) -> list[tuple[str, Any]]:
    """Give the status and the output that a job may have: one, or several where more than one thing ended it."""
    causes = {
        _CALLED_OFF[reason]
        for each in came.values()
        if (reason := each.get("failure", {}).get("reason")) in _CALLED_OFF
    }
    if payload["workflow"] == TITLED:
        return _wanted_of_claims(payload, came, causes)
    if payload["workflow"] == GUIDED:
        return _wanted_of_searches(payload, came, causes)
    unbegun = _TOO_LATE if payload["workflow"] == TIMED else None
    parts = [came.get(("parts", str(number)), unbegun) for number in range(len(payload["input"]["parts"]))]
    lost = sum(each is not None and each["status"] != "ok" for each in parts)
    if not _is_ok(came.get(("outline", None))) or lost > len(parts) - ceil(len(parts) * LEAST_SHARE):
        causes.add("failed")
    if any(each["status"] == "called_off" for each in came.values()):
        # By a cancel, by the deadline, or by what else has ended the job; others look whether there was one.
        causes |= {"cancelled", *(["failed"] if "deadline" in payload else [])}
    if causes:
        return [(status, None) for status in sorted(causes)]
    made = [_inline(each["output"]) for each in parts if each is not None and each["status"] == "ok"]
    title, end = came.get(("title", None)), came.get(("end", None))
    said = _inline(title["output"]) if title is not None and _is_ok(title) else UNTITLED
    last = _inline(end["output"]) if end is not None and _is_ok(end) else "-"
    if None in parts or title is None or (end is not None) != (len(made) >= LONG):
        return []
    if payload["workflow"] == SIGNED:
        return signed_page(made, said, last, came)
    facts = came.get(("facts", None))
    known = _inline(facts["output"]) if facts is not None and _is_ok(facts) else None
    return [("ok", page_of(payload["workflow"], made, said, last, known))]


def _wanted_of_claims(payload: Mapping[str, Any], came: Ends, causes: set[str]) -> list[tuple[str, Any]]:
    title, text = came.get(("claimed", None)), came.get(("text", None))
    if not _is_ok(title) or not _is_ok(text):
        causes.add("failed")
    if causes:
        return [(status, None) for status in sorted(causes)]
    slugs = [came.get(("slugs", str(number))) for number in range(len(payload["input"]["slugs"]))]
    if None in slugs or text is None:
        return []
    had = [_inline(each["output"]) for each in slugs if each is not None and _is_ok(each)]
    return [("ok", output_of_claims(_inline(text["output"]), had))]


def _wanted_of_searches(payload: Mapping[str, Any], came: Ends, causes: set[str]) -> list[tuple[str, Any]]:
    near = [came.get(("near", str(number))) for number in range(len(payload["input"]["places"]))]
    gone, text = came.get(("gone", None)), came.get(("text", None))
    found = [_inline(each["output"]) for each in near if each is not None and _is_ok(each)]
    if len(found) < ceil(len(near) * LEAST_SHARE) or not _is_ok(text):
        causes.add("failed")
    if causes:
        return [(status, None) for status in sorted(causes)]
    if None in near or text is None or gone is None or _is_ok(gone):
        return []
    return [("ok", output_of_guides(_inline(text["output"]), found))]


def _time(said: str) -> datetime:
    return datetime.fromisoformat(said)


def _is_ok(ended: Mapping[str, Any] | None) -> bool:
    return ended is not None and ended["status"] == "ok"


def _inline(body: Mapping[str, Any] | None) -> Any:
    return None if body is None else body["inline"]
