"""Runs commands of `headchef` in processes whose imports are done: one process imports them, and forks for each.

Half a second of processor time a command, of which the tests type hundreds. A command that is told something that
Python reads as it begins, such as a package's folder, is started from nothing by its relay.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import headchef.cli
from headchef.runtime.children import END_WITH_PARENT
from tests.support.nursery import ONE_THREAD

AFRESH = (sys.executable, "-m", "headchef.cli")
"""What starts a command from nothing."""

_RELAY = Path(__file__).with_name("relay.py")


@cache
def at_hand() -> Sequence[str]:
    """Give what starts a command, up to its arguments: where the system allows (Linux) by a fork, else from nothing."""
    if not hasattr(os, "pidfd_open"):
        return AFRESH
    folder = tempfile.TemporaryDirectory(prefix="headchef-commands-")
    door = f"{folder.name}/door"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.warm_commands", door],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
    )

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return (sys.executable, "-I", "-S", str(_RELAY), door)


def _forked_for(listener: socket.socket) -> Mapping[str, Any] | None:
    """Fork for each command, and give in its process what it is to be; None when whoever started us has ended."""
    keepers: list[int] = []
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), listener.fileno()], [], [])
        if sys.stdin.fileno() in ready:
            return None
        connection, _ = listener.accept()
        keeper = os.fork()
        if keeper == 0:
            listener.close()
            return _kept(connection)
        connection.close()
        keepers = [each for each in [*keepers, keeper] if os.waitpid(each, os.WNOHANG)[0] == 0]


def _kept(connection: socket.socket) -> Mapping[str, Any]:
    """Start a command and tell its relay how it ends; never returns but in the process of the command."""
    _end_with_parent()
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("r") as told:
        order = json.loads(told.readline())
    if not _is_as_here(order["environment"], order["folder"]):
        connection.sendall(b"null\n")
        os._exit(0)
    command = os.fork()
    if command == 0:
        _end_with_parent()
        connection.close()
        return {**order, "streams": streams}
    for each in streams:
        os.close(each)
    connection.sendall(f"{command}\n".encode())
    ended = os.pidfd_open(command)
    if connection.fileno() in select.select([ended, connection.fileno()], [], [])[0]:
        # Its relay was killed.
        os.kill(command, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    try:
        connection.sendall(f"{code}\n".encode())
    finally:
        os._exit(0)


def _is_as_here(environment: Mapping[str, str], folder: str) -> bool:
    """Say whether Python would be told the same as it was told here as it began."""
    paths = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    told = {name: value for name, value in environment.items() if name.startswith("PYTHON") and name != "PYTHONPATH"}
    known = all(os.environ.get(name) == value for name, value in told.items())
    return known and {os.path.abspath(os.path.join(folder, each)) for each in paths} <= set(sys.path)  # noqa: PTH100, PTH118


def _end_with_parent() -> None:
    if END_WITH_PARENT is not None:
        END_WITH_PARENT()


def _become(order: Mapping[str, Any]) -> None:
    for number, stream in enumerate(order["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["folder"]
    sys.argv = ["headchef", *order["arguments"]]
    runpy.run_module("headchef.cli", run_name="__main__", alter_sys=True)


def main(door: str) -> None:
    """Import all of the command line, and fork until the standard input ends."""
    for module in pkgutil.walk_packages(headchef.cli.__path__, "headchef.cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(door)
        listener.listen()
        print("ready", flush=True)
        order = _forked_for(listener)
    if order is not None:
        _become(order)


if __name__ == "__main__":
    main(*sys.argv[1:])
