"""What must hold where jobs want the same values: one has each, the others are told which, and what fails lets go.

Who has what is worked out from what was asked, in its order, without any code of the product.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.reserving import TITLED, compared

Value = tuple[str, str, str, str]
"""Tenant, site, name, and what is compared."""

_ASKED = b"headchef.reservation.asked"


@dataclass(slots=True)
class Book:
    """Who has which value, as far as it was read.

    Attributes:
        runs: those that hold each account's value, by account.
        told: who was told for good that another job has it, and which; None for who has given it back.
    """

    runs: dict[str, list[Job]] = field(default_factory=dict)
    told: dict[tuple[str, Job], str | None] = field(default_factory=dict)

    def ask(self, account: str, job: Job) -> str | None:
        """Let a job ask; give the one that has it otherwise, or None if it has it. A run may ask again."""
        if (account, job) in self.told:
            return self.told[account, job] or "nobody"
        runs = self.runs.setdefault(account, [])
        if runs and runs[0].job_id != job.job_id:
            self.told[account, job] = runs[0].job_id
            return runs[0].job_id
        if job not in runs:
            runs.append(job)
        return None

    def release(self, account: str, job: Job) -> None:
        """Let a run let go."""
        self.told[account, job] = None
        if job in self.runs.get(account, ()):
            self.runs[account].remove(job)


def _one_account_for_each_value(evidence: Evidence) -> Iterator[str]:
    """Check each value: it is asked for under one name, which no other has, in one partition."""
    values: dict[str, set[Value]] = {}
    accounts: dict[Value, set[tuple[str, int]]] = {}
    for event in filter(_is_asked, evidence.reservations):
        values.setdefault(event.data["account"], set()).add(_value(event))
        accounts.setdefault(_value(event), set()).add((event.data["account"], event.record.partition))
    yield from (f"{each} stands for {found}" for each, found in values.items() if len(found) > 1)
    yield from (f"{each} is asked for under {found}" for each, found in accounts.items() if len(found) > 1)


def _asked_and_answered_once(evidence: Evidence) -> Iterator[str]:
    """Check each unit that wants something; at least once it may ask twice."""
    asked = Counter((event.job, event.unit) for event in evidence.reservations if _is_asked(event))
    answered = Counter((event.job, event.unit) for event in evidence.every("reservations.answered"))
    for each in dict.fromkeys([*asked, *answered]):
        times = (asked[each], answered[each])
        if times != (1, 1) and (evidence.exactly_once or 0 in times):
            yield f"{each}: asked, answered {times}"


def _answers_are_true(evidence: Evidence) -> Iterator[str]:
    """Check each answer, and what is remembered in the end. A former owner may write late where nobody is fenced."""
    if not evidence.exactly_once:
        return
    book, told = Book(), {event.cause: event for event in evidence.every("reservations.answered")}
    for event in evidence.reservations:
        account = event.data["account"]
        if not _is_asked(event):
            book.release(account, _releasing(event))
            continue
        wanted, answer = book.ask(account, event.job), told.get(event.spot)
        if answer is None:
            continue
        found = answer.data.get("taken_by", "nobody") if "failure" in answer.data else None
        if found != wanted:
            yield f"{event.job} is told that {_value(event)} is held by {found}, and it is {wanted}"
    held = {account: runs[0].job_id for account, runs in book.runs.items() if runs}
    known = {key.decode(): orjson.loads(value)["job_id"] for key, value in evidence.holders.items()}
    if held != known:
        yield f"remembered is {known}, and held {held}"


def _one_good_end_for_each_value(evidence: Evidence) -> Iterator[str]:
    """Check of each value that one job alone has come to a good end with it."""
    if not evidence.exactly_once and evidence.faults.two_owners:
        return
    winners: dict[str, set[str]] = {}
    good = _by_status(evidence, lambda status: status == "ok")
    for account, job in _granted(evidence):
        if job in good:
            winners.setdefault(account, set()).add(job.job_id)
    for account, jobs in winners.items():
        if len(jobs) > 1:
            yield f"{account} has come to {sorted(jobs)}"


def _what_comes_to_nothing_lets_go(evidence: Evidence) -> Iterator[str]:
    """Check each job: unless it is ok, it gives back all that it was given, and nothing else."""
    released = {(event.data["account"], _releasing(event)) for event in evidence.reservations if not _is_asked(event)}
    bad = _by_status(evidence, lambda status: status != "ok")
    wanted = {(account, job) for account, job in _granted(evidence) if job in bad}
    for account, job in wanted - released:
        yield f"{job} has failed, and holds {account}"
    if evidence.exactly_once:
        yield from (f"{job} has given back {account}, which it keeps" for account, job in released - wanted)


RESERVED: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "each value has one account": _one_account_for_each_value,
    "a value is asked for, and the question answered, once": _asked_and_answered_once,
    "who wants a value is told who has it": _answers_are_true,
    "of the jobs that want a value one comes to a good end": _one_good_end_for_each_value,
    "a job that comes to nothing lets go of what it has": _what_comes_to_nothing_lets_go,
}


def winners(evidence: Evidence) -> int:
    """Count the jobs that have come to a good end with what they wanted."""
    return len(_by_status(evidence, lambda status: status == "ok"))


def _is_asked(event: Happened) -> bool:
    return dict(event.record.headers)["ce_type"] == _ASKED


def _value(event: Happened) -> Value:
    data: Mapping[str, Any] = event.data
    return event.job.tenant, data["site"], data["name"], compared(data["value"])


def _releasing(event: Happened) -> Job:
    data = event.data
    return Job(data["tenant"], data["job_id"], data.get("run", 0), data.get("revision", 0))


def _granted(evidence: Evidence) -> Iterator[tuple[str, Job]]:
    for event in evidence.every("reservations.answered"):
        if "output" in event.data:
            yield event.data["account"], event.job


def _by_status(evidence: Evidence, wanted: Callable[[str], bool]) -> set[Job]:
    return {
        event.job
        for event in evidence.every("jobs.finished")
        if wanted(event.data["status"])
        and event.job in evidence.led
        and evidence.expected.accepted[event.job]["workflow"] == TITLED
    }
