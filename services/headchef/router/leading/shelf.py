"""The published workflows as the router needs them: for a job that is to begin, and for one that has begun."""

from headchef.bodies import BodiesAtHand
from headchef.router.leading.led import Led
from headchef.router.leading.records import JobRecord
from headchef.router.refusal import Refused
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import State
from headchef.template import Renderer
from headchef.workflow import BadWorkflow, Workflow
from headchef.workflow.library import Library
from headchef.workflow.progress import Judge, Progress


class Shelf:
    """Gives workflows.

    Args:
        library: what is published.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def wanted(self, name: str) -> Workflow:
        """Give the workflow that a job asks for.

        Args:
            name: with its version.

        Raises:
            Refused: it is not published, or cannot be used.
        """
        try:
            found = self._library.find(name)
        except BadWorkflow as bad:
            raise Refused("unknown_workflow", "workflow", f"{name} cannot be used here: {bad.faults[0]}") from bad
        if found is None:
            raise Refused("unknown_workflow", "workflow", self._library.unknown(name))
        return found

    def recalled(self, written: bytes, state: State, renderer: Renderer, judge: Judge, at_hand: BodiesAtHand) -> Led:
        """Make a job that is under way from its records.

        Args:
            written: the record of the job, as it is stored.
            state: of its task, which has those of its units.
            renderer: fills templates.
            judge: judges outputs.
            at_hand: has what the records refer to.

        Raises:
            NotAtHand: some of that has to be read first.
            InvalidEvent: its workflow, or such a body, cannot be read any more. What came of its step lies in the dead
                letters then, and can be sent again when it can.
        """
        stored = JobRecord.model_validate_json(written)
        try:
            workflow = self._library.find(stored.workflow)
        except BadWorkflow as bad:
            raise InvalidEvent("unknown_workflow", "step.workflow", str(bad)) from bad
        if workflow is None:
            message = f"{stored.workflow}, by which the job {stored.head.job_id!r} goes on, is not published any more"
            raise InvalidEvent("unknown_workflow", "step.workflow", message)
        record = stored.with_input(at_hand)
        progress = Progress(workflow, record.input, renderer=renderer, judge=judge)
        led = Led(record, progress, state, at_hand, size_bytes=len(written) + stored.referred_bytes)
        led.recall(state)
        return led
