"""Says whether a Docker daemon answers and has an image, without pulling anything."""

import os
import socket
from contextlib import closing
from urllib.parse import urlsplit

import docker  # type: ignore[import-untyped]  # its stubs are for another release line

_SOCKET = "unix:///var/run/docker.sock"
_TIMEOUT_S = 5


def image_is_there(image: str) -> bool:
    """Look for an image; no daemon, and one that may not be talked to, have none."""
    if not _daemon_listens():
        return False
    try:
        client = docker.from_env(timeout=_TIMEOUT_S)
    except docker.errors.DockerException:
        return False
    try:
        client.images.get(image)
    except docker.errors.DockerException:
        return False
    finally:
        client.close()
    return True


def _daemon_listens() -> bool:
    """Try the connection first: docker's client leaves a socket open that it could not connect."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or _SOCKET)
    if address.scheme not in {"unix", "tcp", "http", "https"}:
        return True
    local = address.scheme == "unix"
    with closing(socket.socket(socket.AF_UNIX if local else socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(_TIMEOUT_S)
        try:
            probe.connect(address.path if local else (address.hostname or "localhost", address.port or 2375))
        except OSError:
            return False
    return True
