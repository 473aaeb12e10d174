"""Says who types a command, for what is written down of it."""

import getpass
import socket


def somebody() -> str:
    """Name the account and the machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that no account has.
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
