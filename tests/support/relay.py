"""Has a command run by the process of `warm_commands.py`, and ends as the command has ended.

Run by its path, with as little of Python as can be: `python -I -S relay.py DOOR ARGUMENT…`.
"""

import json
import os
import signal
import socket
import sys
from types import FrameType

_PASSED_ON = (signal.SIGINT, signal.SIGTERM)


def main(door: str, *arguments: str) -> None:
    """Pass on the arguments, the environment, the folder and the three streams; then signals, until the end."""
    # What the command says may be heard, and answered with a signal, before it is known here whom to pass that on to.
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    order = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109 - slow
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("r") as said:
        connection.connect(door)
        socket.send_fds(connection, [b"\n"], [0, 1, 2])
        connection.sendall(json.dumps(order).encode() + b"\n")
        pid = json.loads(said.readline())
        if pid is None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
            os.execv(sys.executable, [sys.executable, "-m", "headchef.cli", *arguments])

        def pass_on(number: int, _: FrameType | None) -> None:
            os.kill(pid, number)

        for number in _PASSED_ON:
            signal.signal(number, pass_on)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        code = json.loads(said.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
