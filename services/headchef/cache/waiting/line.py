"""Who waits for the answer to one question, and who is asking it: the head of a line, as it is stored. Pure."""

from dataclasses import dataclass
from datetime import datetime

from headchef_contracts.events.common import Cause, JobClass, Part
from headchef_contracts.events.steps import Step

from headchef.cache.waiting.parked import Parked
from headchef.cache.waiting.policy import MOST_LEADERS, WaitPolicy, may_wait_for
from headchef.runtime.stored import read_stored

WAITING = "waiting"

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Leader:
    """A step that was sent to its model, and may answer others.

    Attributes:
        job_id: of its job, which the verdict names.
        job_class: of its job.
        since: when it was sent.
        cause: the record that planned it.
    """

    job_id: str
    job_class: JobClass
    since: datetime
    cause: Cause


class Queue(Part):
    """Steps of one class that wait, by their numbers; some of the numbers may have gone already.

    Attributes:
        first: the lowest number that may be there.
        end: the number of the next that comes.
        count: how many are there.
    """

    first: int = 0
    end: int = 0
    count: int = 0

    def joined(self) -> "Queue":
        """Give the queue with one more."""
        return Queue(first=self.first, end=self.end + 1, count=self.count + 1)

    def left(self, number: int) -> "Queue":
        """Give the queue without one of its numbers."""
        if self.count <= 1:
            return Queue(first=self.end, end=self.end)
        return Queue(first=self.first + (number == self.first), end=self.end, count=self.count - 1)

    def left_by_first(self, number: int) -> "Queue":
        """Give the queue without the lowest number that is there: what has gone before it is not looked for again."""
        return Queue(first=number, end=self.end, count=self.count).left(number)


class Line(Part):
    """All who wait for one answer.

    Attributes:
        leaders: who is asking, the first one first.
        interactive: who waits of the jobs that somebody waits for.
        bulk: who waits of the others.
        size_bytes: of the steps that wait.
        released: how many went on together when it was asked in vain last.
        answering: whether there is an answer, which those that wait are given one after the other.
    """

    leaders: tuple[Leader, ...] = ()
    interactive: Queue = Queue()
    bulk: Queue = Queue()
    size_bytes: int = 0
    released: int = 0
    answering: bool = False
    v: int = _VERSION

    @property
    def count(self) -> int:
        """How many wait."""
        return self.interactive.count + self.bulk.count

    @property
    def taken(self) -> int:
        """How many have left it from its front."""
        return self.interactive.first + self.bulk.first

    def queue(self, job_class: JobClass) -> Queue:
        """Give the queue of a class."""
        return self.interactive if job_class == "interactive" else self.bulk

    def joined_by(self, parked: Parked) -> "Line":
        """Give the line with a step that has the next number of its class."""
        job_class = parked.step.job.job_class
        return self._with(job_class, self.queue(job_class).joined(), parked.size_bytes)

    def without(self, parked: Parked) -> "Line":
        """Give the line without a step that was in it."""
        job_class = parked.step.job.job_class
        return self._with(job_class, self.queue(job_class).left(parked.number), -parked.size_bytes)

    def without_first(self, parked: Parked) -> "Line":
        """Give the line without the step that waited longest of its class."""
        job_class = parked.step.job.job_class
        return self._with(job_class, self.queue(job_class).left_by_first(parked.number), -parked.size_bytes)

    def emptied(self, job_class: JobClass) -> "Line":
        """Give the line without anybody of a class."""
        end = self.queue(job_class).end
        return self._with(job_class, Queue(first=end, end=end), 0)

    def _with(self, job_class: JobClass, queue: Queue, size_bytes: int) -> "Line":
        return self.model_copy(update={job_class: queue, "size_bytes": self.size_bytes + size_bytes})

    def with_leader(self, leader: Leader) -> "Line":
        """Give the line with one more who asks."""
        return self.model_copy(update={"leaders": with_leader(self.leaders, leader)})

    def without_leader(self, job_id: str) -> "Line":
        """Give the line without one who asked for a job; the same line where nobody did."""
        left = without_leader(self.leaders, job_id)
        return self if left is self.leaders else self.model_copy(update={"leaders": left})

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json().encode()


def read_line(value: bytes) -> Line:
    """Read what `Line.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Line, value, _VERSION, "a line of questions")


def line_key(tenant: str, fingerprint: str) -> bytes:
    """Name the line of a question: nobody waits for another tenant's answer."""
    return f"{fingerprint}/{tenant}".encode()


def key_of(step: Step) -> bytes:
    """Name the line that a step would wait in."""
    return line_key(step.job.tenant, step.fingerprint)


def with_leader(leaders: tuple[Leader, ...], leader: Leader) -> tuple[Leader, ...]:
    """Give those who ask and one more; who is sent again takes the place of what was sent before.

    Of too many the first are forgotten: that may cost another call each, and their answers still are for all.
    """
    if not leaders:
        return (leader,)
    return (*(each for each in leaders if each.cause != leader.cause), leader)[-MOST_LEADERS:]


def without_leader(leaders: tuple[Leader, ...], job_id: str) -> tuple[Leader, ...]:
    """Give those who ask without one who did for a job; the same ones where nobody did."""
    gone = next((each for each in leaders if each.job_id == job_id), None)
    return leaders if gone is None else tuple(each for each in leaders if each is not gone)


def still_asking(leaders: tuple[Leader, ...], now: datetime, policy: WaitPolicy) -> tuple[Leader, ...]:
    """Give those who have not been asking for too long: of the others nobody may ever hear again."""
    return tuple(each for each in leaders if each.since + policy.longest(each.job_class) > now)


def is_led(leaders: tuple[Leader, ...], job_class: JobClass, now: datetime, policy: WaitPolicy) -> bool:
    """Say whether anybody still asks for whom a step of a class may wait."""
    return any(may_wait_for(job_class, each.job_class) for each in still_asking(leaders, now, policy))
