"""A router that leads jobs, and services around it that answer: in any order, and twice where a test says so."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.calls import CallEnded, CallFailure, CallPlanned
from headchef_contracts.events.common import Event, Inline, Usage
from headchef_contracts.events.fetches import FetchEnded, FetchFailure, FetchPlanned
from headchef_contracts.events.jobs import Failure, JobFinished, JobRefused
from headchef_contracts.events.reservations import ReservationAnswered, ReservationAsked, ReservationFailure
from headchef_contracts.events.retrievals import RetrievalEnded, RetrievalFailure, RetrievalPlanned
from headchef_contracts.events.reviews import CommandRefused, ReviewAsked, ReviewClosed
from headchef_contracts.events.steps import Ended, EndStatus, Step, StepJudged, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.bodies import Bodies
from headchef.catalogue import Catalogue
from headchef.checks import installed
from headchef.runtime.processor import TIMERS, Delivery, Emit, Outcome, Timer
from headchef.workflow import Workflow, load
from headchef.workflow.library import Library
from headchef.workflow.published import publication
from tests.router.conftest import Door
from tests.support.builders import NOON, make_decided, make_delivery, make_firing

Planned = StepPlanned | CallPlanned | FetchPlanned | RetrievalPlanned | ReservationAsked
Answer = Callable[[Planned], Any]
"""Says what comes of a step, a call or a document: JSON, a failure of its kind, an `Ended`, or None for nothing."""


def written(folder: Path, steps: str, *, result: str = "{{ steps.last }}", more: str = "", **schemas: Any) -> Workflow:
    """Load a workflow of these steps, in YAML; schemas by names without a dot, such as `outline_v1`."""
    (folder / "schemas").mkdir(exist_ok=True)
    for name, schema in schemas.items():
        (folder / f"schemas/{name.replace('_v', '.v')}.json").write_bytes(orjson.dumps(schema))
    path = folder / "w.yaml"
    path.write_text(f"workflow: w\nversion: 1\n{more}\nsteps:\n{steps}\nresult: {{from: '{result}'}}\n")
    return load(path)


def ended(status: EndStatus = "ok", output: Any = None, **fields: Any) -> Ended:
    """Give what a step ended with; it cost one call unless something else is said."""
    known: dict[str, Any] = {
        "status": status,
        "output": None if output is None else Inline(inline=output),
        "cache": CacheUse(kind="miss"),
        "usage": Usage(input_tokens=10, output_tokens=5),
        "cost_usd": "0.001",
        "attempts": 1,
        "provider_s": 0.5,
    }
    return Ended.model_validate(known | fields)


class Kitchen:
    """A router with published workflows, and what it has given out.

    Args:
        answer: says what comes of each step and call.
        chance: in which order; the oldest first without.
        doubled: whether all comes twice.
        catalogue: of the models; one without prices if none is given.
        bodies: of the router; None where no store is set.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        chance: Random | None = None,
        doubled: bool = False,
        catalogue: Catalogue | None = None,
        bodies: Bodies | None = None,
    ) -> None:
        self.door = Door(catalogue, library=Library(installed()), bodies=bodies)
        self.bodies = bodies
        self._catalogue = catalogue
        self.open: list[Planned] = []
        self.given_out: list[Planned] = []
        self.finished: list[JobFinished] = []
        self.refused: list[JobRefused] = []
        self.asked: list[ReviewAsked] = []
        self.closed: list[ReviewClosed] = []
        self.told_off: list[CommandRefused] = []
        self.timers: dict[str, Timer] = {}
        self.outcomes: list[Outcome] = []
        self._answer = answer
        self._chance = chance
        self._doubled = doubled
        self._number = 0

    async def publish(self, *workflows: Workflow) -> None:
        for each in workflows:
            await self.door.library.take(publication(each, NOON))

    async def submit(self, values: Any = None, workflow: str = "w@1", job_id: str = "job-1", **fields: Any) -> None:
        job = {"job_id": job_id, "workflow": workflow, **({} if values is None else {"input": values}), **fields}
        await self.deliver(make_delivery(value=job, event_id=self._id()))

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await self.door.deliver(delivery)
        if delivery.timer is not None:
            del self.timers[delivery.timer.id]
        self.outcomes.append(outcome)
        self.timers |= {timer.id: timer for timer in outcome.timers}
        for gone in outcome.cleared:
            del self.timers[gone]
        for output in outcome.outputs:
            if isinstance(output, Emit):
                self._note(decode(output.event.event_type, output.event.version, encode(output.event)))
        return outcome

    def restart(self) -> None:
        """Go on with another process, which knows nothing but what is stored."""
        former = self.door
        self.door = Door(self._catalogue, library=former.library, bodies=self.bodies, clock=former.clock)
        self.door.state = former.state
        for each in former.brakes:
            self.door.brakes.take(each)

    async def command(self, value: bytes | dict[str, Any] | None, **record: Any) -> Outcome:
        """Send a command to the router."""
        return await self.deliver(make_delivery(value=value, topic="jobs.commands", event_id=self._id(), **record))

    async def ring(self, timer: Timer) -> Outcome:
        """Let a timer go off."""
        return await self.deliver(make_firing(timer))

    async def serve(self) -> None:
        """Answer one of the open questions."""
        planned = self.open.pop(self._chance.randrange(len(self.open)) if self._chance else 0)
        answer = self._answer(planned)
        if answer is not None:
            delivery = self.told(planned, answer)
            for _ in range(2 if self._doubled else 1):
                await self.deliver(delivery)

    async def run(self) -> JobFinished:
        """Answer until nothing is open, and give the one result."""
        while self.open:
            await self.serve()
        [finished] = self.finished
        return finished

    def told(self, planned: Planned, answer: Any) -> Delivery:
        """Give the delivery of what came of a step or a call."""
        if isinstance(planned, CallPlanned):
            named = {"job": planned.job, "workflow": planned.workflow, "step_id": planned.step_id, "item": planned.item}
            came = {"failure": answer} if isinstance(answer, CallFailure) else {"output": Inline(inline=answer)}
            event: Event = CallEnded.model_validate({**named, **came, "duration_s": 0.1, "decided": make_decided()})
            return make_delivery(event, topic="calls.ended", value=b"{}", event_id=self._id())
        if isinstance(planned, FetchPlanned):
            named = {"job": planned.job, "workflow": planned.workflow, "step_id": planned.step_id, "item": planned.item}
            source = {"address": "https://pim.example.com/", "sha256": "0" * 64, "size_bytes": 21}
            read = {"output": Inline(inline=answer), "source": source}
            of = {"failure": answer} if isinstance(answer, FetchFailure) else read
            event = FetchEnded.model_validate({**named, **of, "duration_s": 0.1, "decided": make_decided()})
            return make_delivery(event, topic="fetches.ended", value=b"{}", event_id=self._id())
        if isinstance(planned, RetrievalPlanned):
            event = found(planned, answer)
            return make_delivery(event, topic="retrievals.ended", value=b"{}", event_id=self._id())
        if isinstance(planned, ReservationAsked):
            event = answered(planned, answer)
            return make_delivery(event, topic="reservations.answered", value=b"{}", event_id=self._id())
        if isinstance(answer, Failure):
            status: EndStatus = "cancelled" if answer.reason == "cancelled" else "failed"
            answer = ended(status, failure=answer)
        elif not isinstance(answer, Ended):
            answer = ended(output=answer)
        event = StepJudged(step=planned.step, verdict="ended", findings=(), ended=answer, decided=make_decided())
        return make_delivery(event, topic="steps.judged", value=b"{}", event_id=self._id())

    @property
    def steps(self) -> list[Step]:
        """The steps that were given out, in order."""
        return [each.step for each in self.given_out if isinstance(each, StepPlanned)]

    @property
    def stored(self) -> set[str]:
        """Which stores have anything of a job, but for that of accepted ones; places for what is left are no job's."""
        return {store for store, key in self.door.state.values if not key.startswith(b"\0\0")} - {"seen", TIMERS}

    def _note(self, event: Event) -> None:
        match event:
            case StepPlanned() | CallPlanned() | FetchPlanned() | RetrievalPlanned() | ReservationAsked():
                self.open.append(event)
                self.given_out.append(event)
            case JobFinished():
                self.finished.append(event)
            case JobRefused():
                self.refused.append(event)
            case ReviewAsked():
                self.asked.append(event)
            case ReviewClosed():
                self.closed.append(event)
            case CommandRefused():
                self.told_off.append(event)

    def _id(self) -> str:
        self._number += 1
        return f"event-{self._number}"


def found(planned: RetrievalPlanned, answer: Any) -> RetrievalEnded:
    """Give what comes of a search: two texts, or a failure."""
    about = {"job": planned.job, "workflow": planned.workflow, "step_id": planned.step_id, "item": planned.item}
    texts = [{"id": name, "sha256": "0" * 64} for name in ("a", "b")]
    documents = {"inline": {"documents": [{**each, "text": answer, "score": 0.5} for each in texts]}}
    gave = {"output": documents, "found": {"collection": planned.collection, "texts": texts}}
    of = {"failure": answer} if isinstance(answer, RetrievalFailure) else gave
    return RetrievalEnded.model_validate({**about, **of, "duration_s": 0.1, "decided": make_decided()})


def answered(asked: ReservationAsked, answer: Any) -> ReservationAnswered:
    """Give what comes of a reservation: the value, or a failure."""
    about = {"account": asked.account, "job": asked.job, "workflow": asked.workflow, "decided": make_decided()}
    of = {"failure": answer} if isinstance(answer, ReservationFailure) else {"output": Inline(inline=answer)}
    return ReservationAnswered.model_validate({**about, "step_id": asked.step_id, "item": asked.item, **of})


def prompt_of(planned: Planned) -> str:
    """Give what a step asks."""
    assert isinstance(planned, StepPlanned)
    content = planned.step.request.messages[-1].content
    assert isinstance(content, Inline)
    assert isinstance(content.inline, str)
    return content.inline


def echo(planned: Planned) -> Any:
    """Give back what was asked."""
    if isinstance(planned, CallPlanned):
        return {"called": planned.function, **planned.arguments}
    if isinstance(planned, FetchPlanned):
        return {"read": planned.address}
    if isinstance(planned, RetrievalPlanned):
        return planned.query
    if isinstance(planned, ReservationAsked):
        return planned.value
    return prompt_of(planned)
