"""Hears which offsets processes name as lost in their logs, where all else that they log is not looked at."""

import logging
from collections.abc import Callable
from typing import Self

from headchef.runtime.errors import OffsetLost

_ROOT = logging.getLogger("headchef")


class Hearing(logging.Handler):
    """Listens while it is entered, and keeps what is logged from everybody else.

    Args:
        heard: told of each loss.
    """

    def __init__(self, heard: Callable[[OffsetLost], None]) -> None:
        super().__init__(logging.ERROR)
        self._heard = heard
        self._before = (0, False)

    def __enter__(self) -> Self:
        self._before = (logging.root.manager.disable, _ROOT.propagate)
        logging.disable(logging.WARNING)
        _ROOT.propagate = False
        _ROOT.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        disabled, _ROOT.propagate = self._before
        _ROOT.removeHandler(self)
        logging.disable(disabled)

    def emit(self, record: logging.LogRecord) -> None:
        """Look for a loss in what was logged."""
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, OffsetLost):
                self._heard(argument)
