"""What an account and the tasks of the router have said to each other, as it is stored. Pure."""

from pydantic import Field

from headchef_contracts.events.budgets import BudgetAsked, Reserved
from headchef_contracts.events.common import Part

from headchef.runtime.stored import read_stored

_VERSION = 1


class Waiting(Part):
    """A task that has asked and has no answer yet.

    Attributes:
        task: of the router.
        number: of what it said.
        wanted: how much, of which day.
    """

    task: int
    number: int
    wanted: Reserved


class Answer(Part):
    """The last answer to a task, which is given again if it asks again.

    Attributes:
        number: of what it had said.
        granted: how much; None where it was refused.
        refusal: why; None where it was granted.
    """

    number: int
    granted: Reserved | None = None
    refusal: str | None = None


class Desk(Part):
    """All that is between one account and the tasks.

    Attributes:
        v: of this form.
        tenant: whose account it is.
        heard: the highest number that each task has said.
        waiting: tasks without an answer, in the order in which they asked.
        answers: the last one to each task.
        holders: tasks that may have something that they do not use.
        recalled: those of them that were asked for it.
    """

    v: int = _VERSION
    tenant: str
    heard: dict[int, int] = Field(default_factory=dict)
    waiting: tuple[Waiting, ...] = ()
    answers: dict[int, Answer] = Field(default_factory=dict)
    holders: tuple[int, ...] = ()
    recalled: tuple[int, ...] = ()

    @property
    def key(self) -> bytes:
        """Names the desk in the store."""
        return desk_key(self.tenant)

    def written(self) -> bytes:
        """Give it as it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def hears(self, asked: BudgetAsked) -> "Desk":
        """Take note of what a task says for the first time: it has nothing left now.

        If it wants something, that is in place of what it wanted before.
        """
        waiting = self.waiting
        if asked.wanted is not None:
            newest = Waiting(task=asked.task, number=asked.number, wanted=asked.wanted)
            waiting = (*(each for each in waiting if each.task != asked.task), newest)
        return self.model_copy(
            update={
                "heard": {**self.heard, asked.task: asked.number},
                "waiting": waiting,
                "holders": _without(self.holders, asked.task),
                "recalled": _without(self.recalled, asked.task),
            }
        )

    def answered(self, waiting: Waiting, answer: Answer) -> "Desk":
        """Take note of an answer: who was granted something may have some of it left."""
        task = waiting.task
        holders = self.holders if answer.granted is None else (*_without(self.holders, task), task)
        return self.model_copy(
            update={
                "waiting": tuple(each for each in self.waiting if each.task != task),
                "answers": {**self.answers, task: answer},
                "holders": holders,
            }
        )

    def recalls(self) -> tuple["Desk", tuple[int, ...]]:
        """Ask all that may have something left for it, each once, and give whom."""
        whom = tuple(task for task in self.holders if task not in self.recalled)
        return self.model_copy(update={"recalled": (*self.recalled, *whom)}) if whom else self, whom


def _without(tasks: tuple[int, ...], task: int) -> tuple[int, ...]:
    return tuple(each for each in tasks if each != task)


def desk_key(tenant: str) -> bytes:
    """Name the desk of a tenant's account; no period of it has this name."""
    return f"{tenant}\0desk".encode()


def read_desk(value: bytes) -> Desk:
    """Read what `Desk.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    return read_stored(Desk, value, _VERSION, "the account of a tenant")
