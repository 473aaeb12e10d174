"""A folder and an environment in which tests type commands, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.eventually import PATIENCE_S
from tests.support.idle import IDLE
from tests.support.warm_commands import AFRESH, at_hand


class Desk:
    """A folder and an environment to type commands in."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        ours = ("HEADCHEF_", "OPENAI_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self.environment |= {**IDLE, **settings}

    def start(self, *arguments: str, starting: Sequence[str] = AFRESH) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*starting, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def type(self, *arguments: str, code: int = 0) -> str:
        process = self.start(*arguments, starting=at_hand())
        # Some commands start all services and end them.
        out, err = process.communicate(timeout=2 * PATIENCE_S)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{out}\n{err}"
        return out
