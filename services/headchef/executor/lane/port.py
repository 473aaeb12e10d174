"""What an executor tells its lane about calls."""

from typing import Protocol

from headchef.executor.provider import Reply
from headchef.runtime.log.port import Record


class Quota(Protocol):
    """Keeps account of what is used."""

    def calling(self, record: Record) -> None:
        """Note that the call for a record begins: what it is expected to use counts as used from now on."""
        ...

    def called(self, record: Record, reply: Reply) -> None:
        """Note what came of it: what it has used, what is left of the account, how long to wait."""
        ...
