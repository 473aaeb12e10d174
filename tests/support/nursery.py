"""Starts services in processes whose imports are done: one process imports them once, and forks for each start.

`python -m headchef.router` spends two thirds of a second of processor time on imports alone, and the tests start
services by the hundred. What comes of a fork is what comes of a start: its own session, settings, log and signals, and
an interpreter that ends as any other. Only where Python itself is told something does a process start from nothing.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from headchef.runtime.children import END_WITH_PARENT

MODULES = tuple(
    f"headchef.{service}"
    for service in (
        "router", "cache", "executor", "validator", "functions", "fetcher", "retriever", "batches", "accounts",
        "simulator",
    )
)  # fmt: skip
"""What it has imported."""

ONE_THREAD: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1"}
"""For a process that is to fork: numpy would start threads as it is imported, and a fork has but the one that forks."""

_current: "list[Nursery]" = []


class Child(Protocol):
    """A process that was started, as far as `subprocess.Popen` says the same."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    def poll(self) -> int | None:
        """Give its exit code, negative for a signal; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends, and give its exit code. Raises `subprocess.TimeoutExpired`."""
        ...

    def kill(self) -> None:
        """End it with SIGKILL."""
        ...

    def terminate(self) -> None:
        """Send it SIGTERM."""
        ...


class Nursery:
    """The process that forks, from outside. Made with `nursery`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )

    def can_start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Say whether a fork is the same as a start: what Python reads as it begins is what it was here."""
        return (
            arguments[0] == "-m"
            and arguments[1] in MODULES
            and all(os.environ.get(name) == value for name, value in environment.items() if name.startswith("PYTHON"))
        )

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
        """Start a program of `MODULES`; its outputs are added to a file."""
        order = {"arguments": arguments[1:], "environment": dict(environment), "log": str(log)}
        return _Forked(self, int(self.ask(order)))

    def ask(self, order: Mapping[str, Any]) -> Any:
        """Tell the process that forks something, and give what it says."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and with it all that it has started."""
        self._process.communicate()


class _Forked:
    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._ended = os.pidfd_open(pid)
        self._code: int | None = None

    def __del__(self) -> None:
        os.close(self._ended)

    def poll(self) -> int | None:
        if self._code is None and select.select([self._ended], [], [], 0)[0]:
            self._code = int(self._nursery.ask({"ended": self.pid}))
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None and not select.select([self._ended], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        code = self.poll()
        assert code is not None
        return code

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        # Its process id is no other's before it has been waited for.
        if self.poll() is None:
            os.kill(self.pid, number)


@contextmanager
def nursery() -> Iterator[None]:
    """Have services start by a fork in this block, where the system can tell of the end of another's child (Linux)."""
    if not hasattr(os, "pidfd_open"):
        yield
        return
    made = Nursery()
    _current.append(made)
    try:
        yield
    finally:
        _current.remove(made)
        made.close()


def started(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """Start Python with these arguments, by a fork where there is a nursery and it may.

    Args:
        arguments: as after `python`.
        environment: all of it.
        log: takes its outputs, at its end.
    """
    if _current and _current[-1].can_start(arguments, environment):
        return _current[-1].start(arguments, environment, log)
    return started_afresh(arguments, environment, log)


def started_afresh(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    """Start Python with these arguments, from nothing. Arguments as of `started`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=END_WITH_PARENT,  # noqa: PLW1509 - one system call, found before
        )


def _forked_for() -> dict[str, Any] | None:
    """Do what is asked, and give in each child what it is to be; None when there is nothing more to do."""
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            said = os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1])
        else:
            said = os.fork()
            if said == 0:
                return dict(order)
        print(said, flush=True)
    return None


def _become(order: Mapping[str, Any]) -> None:
    os.setsid()
    if END_WITH_PARENT is not None:
        END_WITH_PARENT()
    for opened, descriptors in (
        (os.open(os.devnull, os.O_RDONLY), (0,)),
        (os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666), (1, 2)),
    ):
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    module, *rest = order["arguments"]
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def main() -> None:
    """Import the services, and fork until the standard input ends."""
    for module in MODULES:
        importlib.import_module(f"{module}.__main__")
        # What runs is to be a module of its own, as after `python -m`.
        del sys.modules[f"{module}.__main__"]
    gc.collect()
    gc.freeze()
    order = _forked_for()
    if order is not None:
        _become(order)


if __name__ == "__main__":
    main()
