"""Judges of equality: whether one answer would have done in place of another; a port, and those that come with it."""

from headchef.equality.asked import faults_in, read_judge
from headchef.equality.comparing import Judged, Judges
from headchef.equality.errors import BadJudge
from headchef.equality.port import Different, Instruments, Judge, Same, ToBeAsked, Undecided
from headchef.equality.registry import GROUP, Registry, installed, registry

__all__ = [
    "GROUP",
    "BadJudge",
    "Different",
    "Instruments",
    "Judge",
    "Judged",
    "Judges",
    "Registry",
    "Same",
    "ToBeAsked",
    "Undecided",
    "faults_in",
    "installed",
    "read_judge",
    "registry",
]
