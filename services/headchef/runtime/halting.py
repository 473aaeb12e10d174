"""Cuts a batch before the dead letter that is one too many, so that all before it is written and it is not consumed."""

from collections.abc import Collection, Mapping, Sequence

from headchef.runtime.dead_letter_limit import DeadLetterPolicy, DeadLetterState
from headchef.runtime.errors import TooManyDeadLetters
from headchef.runtime.outcomes import Finished
from headchef.runtime.processor import Input
from headchef.runtime.settings import RuntimeSettings


class DeadLetterGuard:
    """Watches the dead letters of one task.

    Args:
        policy: the limits.
        processor: for the message.
        topics: full names of the inputs that count: those that other processors write. What anybody may publish does
            not, or anybody could halt the processor.
    """

    def __init__(self, policy: DeadLetterPolicy, *, processor: str, topics: Collection[str]) -> None:
        self._state = DeadLetterState(policy)
        self._processor = processor
        self._topics = frozenset(topics)

    def cut(self, batch: Sequence[Finished]) -> tuple[list[Finished], TooManyDeadLetters | None]:
        """Say what of a batch may be written, and what to end with afterwards. Counts nothing: it may yet fail."""
        if all(finished.dead_reason is None for finished in batch):
            # The usual case: only a dead letter can be one too many.
            return list(batch), None
        state = self._state.copy()
        for index, finished in enumerate(batch):
            passed = self._passed(state, finished)
            if passed is not None:
                source, reason = finished.source, finished.dead_reason or ""
                place = (source.topic, source.partition, source.offset)
                return list(batch[:index]), TooManyDeadLetters(self._processor, place, reason, passed)
        return list(batch), None

    def written(self, batch: Sequence[Finished]) -> None:
        """Count what has been written."""
        for finished in batch:
            self._passed(self._state, finished)

    def _passed(self, state: DeadLetterState, finished: Finished) -> str | None:
        if finished.source.topic not in self._topics:
            return None
        return state.take(dead=finished.dead_reason is not None)


def guard_for(processor: str, inputs: Mapping[str, Input], settings: RuntimeSettings) -> DeadLetterGuard:
    """Make the guard of a task.

    Args:
        processor: its name.
        inputs: by full topic name.
        settings: the limits.
    """
    policy = DeadLetterPolicy(settings.dead_letters_in_a_row, settings.dead_letters_share, settings.dead_letters_window)
    internal = [topic for topic, source in inputs.items() if not source.raw]
    return DeadLetterGuard(policy, processor=processor, topics=internal)
