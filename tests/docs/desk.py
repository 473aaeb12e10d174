"""A reader's desk: a folder, a cluster and a terminal, in which the blocks of the pages are run as they stand."""

import os
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from tests.docs.blocks import Block
from tests.support.idle import IDLE
from tests.support.warm_commands import AFRESH

_ADDRESS = "localhost:9092"
_NAMESPACE = "headchef"
_TIME_OUT_S = 300.0


class Desk:
    """Runs blocks. What they call `headchef` and `python` is what is being tested.

    Args:
        folder: where files go.
        kafka: bootstrap address of the cluster, in place of the one that the pages name.
        starting: what starts a command.
    """

    def __init__(self, folder: Path, kafka: str, starting: Sequence[str] = AFRESH) -> None:
        self._folder = folder
        self._place = folder
        self._kafka = kafka
        self._namespace = f"docs-{uuid.uuid4().hex[:8]}"
        self._up: subprocess.Popen[str] | None = None
        programs = folder / "bin"
        programs.mkdir()
        for name, words in (("headchef", starting), ("python", (sys.executable,))):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
            program.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEADCHEF_", "OPENAI_"))}
        self._environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            **IDLE,
            "HEADCHEF_KAFKA": kafka,
            "HEADCHEF_NAMESPACE": self._namespace,
            "HEADCHEF_CACHE_FOLDER": str(folder / "answers"),
            "HEADCHEF_LOCK_DIR": str(folder / "locks"),
        }

    def serve(self) -> None:
        """Start `headchef up` and wait until it is ready."""
        self._up = subprocess.Popen(
            [*AFRESH, "up"],
            cwd=self._folder,
            env=self._environment | {"HEADCHEF_LOG_LEVEL": "ERROR"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = []
        assert self._up.stderr is not None
        for line in self._up.stderr:
            said.append(line)
            if line.startswith("Ready"):
                return
        raise AssertionError("headchef up did not get ready:\n" + "".join(said))

    def close(self) -> None:
        """End `headchef up` as its reader would."""
        if self._up is None:
            return
        try:
            self._up.send_signal(signal.SIGINT)
            self._up.communicate(timeout=_TIME_OUT_S)
        finally:
            self._up.kill()
            self._up.wait()

    def run(self, block: Block) -> str:
        """Run a block to its end, and fail with what it said; `headchef up` does not end, and is at work already.

        Returns:
            What it said, on both streams.
        """
        if block.text.strip() == "headchef up":
            assert self._up is not None
            assert self._up.poll() is None, f"{block.place}: headchef up has ended"
            return ""
        if block.language == "python":
            return self._call(block, [sys.executable, "-c", self._here(block.text)])
        left_in = self._folder / "place"
        said = self._call(block, ["sh", "-eu", "-c", f'{block.text}\npwd > "{left_in}"'])
        # The reader stays where the block has led.
        self._place = Path(left_in.read_text().strip())
        return said

    def _here(self, program: str) -> str:
        """Put this desk's cluster and namespace into a program that names the reader's."""
        mine = program.replace(f'"{_ADDRESS}"', f'"{self._kafka}"')
        mine = mine.replace(f'"{_NAMESPACE}.jobs.', f'"{self._namespace}.jobs.')
        return mine.replace("Results(", f'Results(namespace="{self._namespace}", bootstrap=')

    def _call(self, block: Block, words: Sequence[str]) -> str:
        ended = subprocess.run(
            words,
            cwd=self._place,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIME_OUT_S,
            check=False,
        )
        said = f"{block.place} ended with {ended.returncode}\n{block.text}\n{ended.stdout}\n{ended.stderr}"
        assert ended.returncode == 0, said
        return f"{ended.stdout}\n{ended.stderr}"
