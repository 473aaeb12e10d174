"""Checks of outputs: a port, those that come with Headchef, and how workflows and jobs ask for them."""

from headchef.checks.asked import AskedCheck, faults_in, read_check
from headchef.checks.errors import BadCheck, CheckFault
from headchef.checks.port import Check, Wrong
from headchef.checks.registry import GROUP, Registry, installed, registry
from headchef.checks.short import in_short

__all__ = [
    "GROUP",
    "AskedCheck",
    "BadCheck",
    "Check",
    "CheckFault",
    "Registry",
    "Wrong",
    "faults_in",
    "in_short",
    "installed",
    "read_check",
    "registry",
]
