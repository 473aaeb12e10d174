"""Which answers people have found wrong, as this process knows it from its broadcast, and from what it reads itself."""

import logging
from datetime import UTC, datetime

from headchef_contracts.events.common import Event
from headchef_contracts.events.corrections import AnswerCorrected, AnswerWithdrawn

from headchef.cache.store import StoredAnswer
from headchef.cache.wrong import WrongAnswers
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent

_log = logging.getLogger(__name__)

TOPIC = "answers.withdrawn"

_NOTHING = WrongAnswers()
_ALL = WrongAnswers(until=datetime.max.replace(tzinfo=UTC))


class Withdrawn:
    """Takes up what was found wrong. Nothing ever ceases to be wrong.

    Every process has all of it: an answer may lie in a store that another process once filled, and be near in meaning
    to a question of any task; and when topics grow, its own question belongs to another task. What cannot be read, as a
    newer release wrote it, makes all answers to its question wrong.
    """

    def __init__(self) -> None:
        self._wrong: dict[str, WrongAnswers] = {}

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take, refused=self.shut)

    def __bool__(self) -> bool:
        """Whether anything was found wrong at all."""
        return bool(self._wrong)

    def of(self, fingerprint: str) -> WrongAnswers:
        """Give what is known to be wrong under a fingerprint."""
        return self._wrong.get(fingerprint, _NOTHING)

    def heed(self, corrected: AnswerCorrected) -> None:
        """Note what a person says, before the others hear of it."""
        self._wrong[corrected.fingerprint] = self.of(corrected.fingerprint).having(corrected)

    async def take(self, event: Event) -> None:
        """Heed what was withdrawn.

        Raises:
            InvalidEvent: it is something else.
        """
        if not isinstance(event, AnswerWithdrawn):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of AnswerWithdrawn")
        self._wrong[event.fingerprint] = self.of(event.fingerprint).and_also(event)
        why = f": {event.because}" if event.because else ""
        _log.info("cache: an answer to %s was wrong, said by %s%s", event.fingerprint, event.by, why)

    async def shut(self, key: bytes | None, message: str) -> None:
        """Take all answers to a question for wrong whose entry cannot be read."""
        named = (key or b"").decode(errors="replace")
        _log.error("cache: no answer to %r is reused any more, as its entry cannot be read: %s", named, message)
        self._wrong[named] = _ALL

    def without_wrong(self, found: StoredAnswer | None) -> StoredAnswer | None:
        """Give an answer unless it is known to be wrong."""
        if found is None or (wrong := self._wrong.get(found.fingerprint)) is None:
            return found
        return None if wrong.has(found) else found
