"""Who is asking a question for which nobody waits: known in memory alone, so that it costs nothing to ask."""

from headchef.cache.waiting.line import Leader


class Leaders:
    """Remembers who has been sent to a model, as long as there is room.

    What is forgotten costs one more call at most. It is remembered beside one edition of a task's state: what was sent
    before a crash may be known to nobody.

    Args:
        most: questions that are remembered; the oldest are forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, tuple[object, tuple[Leader, ...]]] = {}

    def of(self, key: bytes, edition: object) -> tuple[Leader, ...]:
        """Give who asks the question of a line.

        Args:
            key: of the line.
            edition: of the state that the task has now.
        """
        known = self._known.get(key)
        return known[1] if known is not None and known[0] is edition else ()

    def put(self, key: bytes, edition: object, leaders: tuple[Leader, ...]) -> None:
        """Remember who asks a question, in place of what was known; nobody is forgotten."""
        self._known.pop(key, None)
        if not leaders:
            return
        self._known[key] = (edition, leaders)
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
