"""Records that expired unread, as one delivery: it stands in their place, and a dead letter names them."""

import logging

from headchef.runtime.errors import OffsetLost
from headchef.runtime.log.port import Record
from headchef.runtime.processor import DeadLetter
from headchef.runtime.settings import AfterLoss

_log = logging.getLogger(__name__)

EXPIRED = "expired"
"""The reason of a dead letter that has no bytes: nobody has them any more."""


class Expired(Record):
    """Stands for all that is lost, at the last of the lost offsets, without key and value.

    A class of its own, since headers could be written by anybody.
    """

    @property
    def first(self) -> int:
        """The first lost offset; the last one is the record's own."""
        return int(dict(self.headers)[_FIRST] or b"")

    @property
    def letter(self) -> DeadLetter:
        """Say what happened, for the dead letters."""
        return DeadLetter(EXPIRED, None, f"offsets {self.first} to {self.offset} expired before they were read")


_FIRST, _LAST = "headchef-lost-first", "headchef-lost-last"


def expired(loss: OffsetLost, now_ms: int) -> Expired:
    """Make the delivery that stands for a loss.

    Args:
        loss: of offsets that were there once.
        now_ms: when it was noticed, in milliseconds of the epoch.
    """
    last = loss.earliest - 1
    headers = ((_FIRST, str(loss.wanted).encode()), (_LAST, str(last).encode()))
    return Expired(*loss.partition, last, now_ms, None, None, headers)


def tolerate(loss: OffsetLost, after_loss: AfterLoss) -> None:
    """Say that records are lost, if it is to go on.

    Raises:
        OffsetLost: it is to halt; or nothing has expired, and the topic, or the place, is not the one that it was.
    """
    if after_loss == "halt" or loss.wanted > loss.earliest:
        raise loss
    _log.error(
        "%s[%d]: offsets %d to %d expired before they were read; going on, as HEADCHEF_AFTER_LOSS=earliest says",
        *(*loss.partition, loss.wanted, loss.earliest - 1),
    )
