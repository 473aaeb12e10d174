"""`headchef pause`, `resume` and `cancel` as a person at a terminal uses them: the count, the question, the answer."""

import json
import os
import pty
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def desk(tmp_path: Path, kafka: str) -> Desk:
    """A desk before a cluster that has its topics, one job of tenant acme, and nobody at work."""
    desk = Desk(tmp_path, {"HEADCHEF_KAFKA": kafka, "HEADCHEF_NAMESPACE": f"asking-{uuid.uuid4().hex[:8]}"})
    desk.type("topics", "create", "--lane", "default")
    desk.type("submit", "--prompt", "Name three uses of cork", "--tenant", "acme")
    return desk


def asked(desk: Desk, answer: str, *arguments: str) -> tuple[int, str]:
    """Type a command at a terminal and answer its question; give its exit code and what it said."""
    ours, its = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "headchef.cli", *arguments],
            cwd=desk.folder,
            env=desk.environment,
            stdin=its,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(ours, f"{answer}\n".encode())
        _, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, err
    finally:
        os.close(ours)
        os.close(its)


def test_a_no_changes_nothing_and_a_yes_does(desk: Desk) -> None:
    code, said = asked(desk, "n", "pause", "--tenant", "acme")
    assert code == 1, said
    assert "tenant=acme: 1 unfinished job (acme 1)" in said
    assert "Pause tenant=acme?" in said
    assert "nothing was changed" in said
    assert desk.type("brakes", "--json") == ""

    code, said = asked(desk, "y", "pause", "--tenant", "acme", "--because", "wrong prices")
    assert code == 0, said
    [brake] = map(json.loads, desk.type("brakes", "--json").splitlines())
    assert (brake["action"], brake["scope"], brake["because"]) == ("pause", {"tenant": "acme"}, "wrong prices")
    assert "paused" in desk.type("brakes")


def test_what_is_so_already_is_said_and_not_asked(desk: Desk) -> None:
    _, err = _typed(desk, "resume", "--tenant", "acme", "--yes")
    assert "tenant=acme is not paused (paused: nothing); nothing was changed" in err
    desk.type("pause", "--batch", "spring", "--yes")
    _, err = _typed(desk, "pause", "--batch", "spring", "--yes")
    assert "batch=spring was paused by " in err
    assert "; nothing was changed" in err
    _, err = _typed(desk, "resume", "--tenant", "acme", "--yes")
    assert "(paused: batch=spring)" in err
    changed = json.loads(desk.type("resume", "--batch", "spring", "--yes", "--json"))
    assert (changed["changed"], changed["unfinished"]) == (True, 0)
    assert desk.type("brakes", "--json") == ""


def test_there_must_be_somebody_to_ask(desk: Desk) -> None:
    process = desk.start("cancel", "--tenant", "acme")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "there is nobody to ask here" in err) == (2, True)


def _typed(desk: Desk, *arguments: str) -> tuple[str, str]:
    process = desk.start(*arguments)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return out, err
