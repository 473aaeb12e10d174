"""Which new seeds a run of the tests takes: the same for the same commit, others for the next one."""

import os
import subprocess
from pathlib import Path

COUNT = 100
"""Of 0.3 to 0.5 processor seconds each; `make simulate` takes as many as one likes."""
SETTING = "HEADCHEF_TEST_FIRST_SEED"

_BEYOND = 10**9
_OUTSIDE_OF_GIT = 0


def fresh_seeds() -> range:
    """Give the seeds: from the setting, else from the commit, else (no repository, or no git) from 0."""
    said = os.environ.get(SETTING)
    first = _from_commit() if said is None else int(said)
    return range(first, first + COUNT)


def _from_commit() -> int:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return _OUTSIDE_OF_GIT
    return int(asked.stdout, 16) % _BEYOND
