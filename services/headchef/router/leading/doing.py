"""Does what is to be done for a job: gives it out as an event, or at once where it takes less time than one."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from headchef_contracts import topics
from headchef_contracts.events.common import Event
from headchef_contracts.events.steps import StepPlanned

from headchef.canonical import canonical
from headchef.router.leading.affording import within_budget
from headchef.router.leading.asked import step_of
from headchef.router.leading.asking_people import AskingPeople
from headchef.router.leading.given_out import call_of, fetch_of, reservation_of, retrieval_of
from headchef.router.leading.made_from import marked
from headchef.router.leading.records import NEVER_BEGUN, STEP_BUDGET, LostRecord, unit_key
from headchef.router.leading.reserved import TOPIC as RESERVATIONS
from headchef.router.leading.turn import Turn
from headchef.router.refusal import Refused
from headchef.runtime.processor import Emit
from headchef.workflow.progress import Ask, Audit, Call, Fetch, Judge, Reserve, Retrieve, Review, Work

MAX_ARGUMENT_BYTES = 3_000_000
"""Of a function's arguments as JSON, where no store takes them: the call must fit into the 4 MiB of its topic."""


class Doing:
    """Does it.

    Args:
        judge: carries audits out.
        homes: accounts are kept in so many partitions, the first ones.
        people: are asked for reviews.
    """

    def __init__(self, judge: Judge, homes: int, people: AskingPeople) -> None:
        self._judge = judge
        self._homes = homes
        self._people = people

    def do(self, turn: Turn, works: Sequence[Work]) -> None:
        """Do all that is to be done, and what that leads to at once."""
        todo = deque(works)
        while todo:
            todo += self._do(turn, todo.popleft())
        if turn.led.progress.ending is not None:
            self._people.call_off(turn)

    def _do(self, turn: Turn, work: Work) -> Sequence[Work]:
        """Do one thing, unless it is not to be begun any more or was done before."""
        if turn.led.progress.ending is not None:
            # Known to whoever makes the job anew, who would wait for it for ever.
            return turn.lose(work, NEVER_BEGUN)
        led = turn.led
        if (done := led.earlier.of(work, turn.decided)) is not None:
            return turn.note(done)
        latest = led.latest(work.unit.step)
        if latest is not None and latest <= turn.decided.at:
            message = f"the budget of the step: its time was up at {latest}, before this began"
            return turn.lose(work, LostRecord(reason=STEP_BUDGET, message=message))
        return self._begin(turn, work, latest)

    def _begin(self, turn: Turn, work: Work, latest: datetime | None) -> Sequence[Work]:
        """Begin a unit, and give what is to be done since it has ended at once."""
        record, decided = turn.led.record, turn.decided
        match work:
            case Ask():
                return _ask(turn, work, latest)
            case Call():
                return _call(turn, work, latest)
            case Audit():
                return turn.came(work, self._judge.audited(work))
            case Fetch():
                _give_out(turn, work, "fetches.planned", fetch_of(work, record, decided, latest))
            case Retrieve():
                _give_out(turn, work, "retrievals.planned", retrieval_of(work, record, decided, latest))
            case Reserve():
                _send(turn, work, RESERVATIONS, reservation_of(work, record, decided), among=self._homes)
            case Review():
                return self._people.ask(turn, work)
        return ()


def _ask(turn: Turn, ask: Ask, latest: datetime | None) -> Sequence[Work]:
    try:
        step = step_of(ask, turn.led.record, turn.planner, latest)
    except Refused as refused:
        field = f"{refused.field}: " if refused.field else ""
        return turn.lose(ask, LostRecord(reason=refused.reason, message=f"{field}{refused.message}"))
    afforded = within_budget(turn.led, marked(step, turn.led), turn.planner)
    if isinstance(afforded, LostRecord):
        return turn.lose(ask, afforded)
    turn.changes += afforded.changes
    _give_out(turn, ask, "steps.planned", StepPlanned(step=afforded.step, decided=turn.decided))
    return ()


def _call(turn: Turn, call: Call, latest: datetime | None) -> Sequence[Work]:
    most = turn.led.at_hand.max_bytes or MAX_ARGUMENT_BYTES
    if (size := len(canonical(call.arguments))) > most:
        message = f"the arguments of {call.function} have {size:,} bytes; at most {most:,} are taken"
        return turn.lose(call, LostRecord(reason="too_large", message=message))
    _give_out(turn, call, "calls.planned", call_of(call, turn.led.record, turn.decided, latest))
    return ()


def _give_out(turn: Turn, work: Work, topic: str, event: Event) -> None:
    """Send an event for a unit to the topic of its job's class."""
    _send(turn, work, topics.of_class(topic, turn.led.record.head.job_class), event)


def _send(turn: Turn, work: Work, topic: str, event: Event, *, among: int | None = None) -> None:
    """Send an event for a unit, under a name of its own.

    At least once another event may bring the unit about, or the same one another unit.
    """
    led = turn.led
    identity = f"{unit_key(led.key, work.unit).decode()}\0{led.record.head.conversation_id or ''}"
    turn.outputs.append(Emit(topic, event, identity=identity, among=among))
