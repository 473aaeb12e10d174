"""What an executor tells its lane about calls."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from headchef.executor.provider import Reply
from headchef.runtime.log.port import Record


class Quota(Protocol):
    """Keeps account of what is used."""

    def held_s(self, record: Record, model: str) -> float:
        """Give the seconds for which a step that has begun must leave it to others after all; 0 to make its call."""
        ...

    def reading(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Leave the quota of a step to others while something is read for its call, and wait for it at the end."""
        ...

    def calling(self, record: Record, model: str) -> None:
        """Note that the call for a record begins: what it is expected to use counts as used from now on."""
        ...

    def called(self, record: Record, reply: Reply) -> None:
        """Note what came of it: what it has used, what is left of the account, how long to wait."""
        ...

    def still_s(self, model: str) -> float:
        """Give the seconds for which a step that has failed should leave it to others to find out; 0 if all is well."""
        ...

    def answered_since(self, model: str, at_s: float) -> bool:
        """Say whether a call of a model that began after a time, in seconds of the epoch, was answered here."""
        ...
