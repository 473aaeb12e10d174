"""The schemas as another commit has them, read through git."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Version = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was published.

    Attributes:
        ref: the commit's name, to show; None where there is none to compare with.
        why: why this one, or why none, in words.
        schemas: by event type and version.
    """

    ref: str | None
    why: str
    schemas: Mapping[Version, dict[str, Any]]


def baseline(package: Path, against: str | None) -> Baseline:
    """Read what was published.

    Args:
        package: the folder that holds `schemas/`, in a work tree.
        against: a git ref; None takes origin/main or main, and the commit before if that is where the work tree stands.
    """
    if _git(package, "rev-parse", "--git-dir") is None:
        return Baseline(None, "this is no git work tree", {})
    for ref in [against] if against else ["origin/main", "main"]:
        commit = _git(package, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if commit is None:
            continue
        if against is None and commit == _git(package, "rev-parse", "HEAD") and not _changed(package):
            return _before(package, ref)
        return Baseline(ref, f"compared with {ref}", _schemas(package, ref))
    return Baseline(None, f"there is no commit named {against or 'origin/main or main'}", {})


def _before(package: Path, ref: str) -> Baseline:
    if _git(package, "rev-parse", "--verify", "--quiet", "HEAD~1^{commit}") is None:
        return Baseline(None, f"the work tree is {ref}, and the commit before is not here", {})
    return Baseline("HEAD~1", f"the work tree is {ref}: compared with the commit before", _schemas(package, "HEAD~1"))


def _changed(package: Path) -> bool:
    return bool(_git(package, "status", "--porcelain", "--", "schemas"))


def _schemas(package: Path, ref: str) -> dict[Version, dict[str, Any]]:
    listed = _git(package, "ls-tree", "-r", "--name-only", ref, "--", "schemas/") or ""
    found = {}
    for name in listed.splitlines():
        match name.split("/"):
            case [*_, "schemas", event_type, version, "schema.json"] if version.isdigit():
                found[event_type, int(version)] = json.loads(_git(package, "show", f"{ref}:./{name}") or "{}")
    return found


def _git(folder: Path, *arguments: str) -> str | None:
    """Run git in a folder; None where it says no."""
    git = shutil.which("git")
    if git is None:
        return None
    command: Sequence[str] = (git, "-C", str(folder), *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return done.stdout.strip() if done.returncode == 0 else None
