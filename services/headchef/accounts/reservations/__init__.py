"""Reservations: of jobs that want one value, one has it, and the others are told which."""

from headchef.accounts.reservations.keeping import answer, release
from headchef.accounts.reservations.records import HOLDERS, TOLD

__all__ = ["HOLDERS", "TOLD", "answer", "release"]
