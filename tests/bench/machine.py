"""Says when and on what figures were made."""

import os
import platform
import sysconfig
from datetime import UTC, datetime


def made_here() -> str:
    """Give the date and this machine, in a line."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()} {'with' if _optimised() else 'without'} profile-guided optimisation"
    )


def _optimised() -> bool:
    """Say how the interpreter was built, which makes a difference of almost two."""
    return "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
