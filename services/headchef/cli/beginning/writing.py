"""Carries out `headchef init`: writes a small project of a workflow, its tests and its rows."""

from collections.abc import Iterator
from pathlib import Path

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.screen import Screen

PROJECT = Path(__file__).with_name("project")
"""The files as they are written."""

WORKFLOW = "city-guide.yaml"


def project_files() -> Iterator[Path]:
    """Name the files of the project, from its top."""
    for path in sorted(PROJECT.rglob("*")):
        if path.is_file():
            yield path.relative_to(PROJECT)


def begin(folder: Path) -> None:
    """Write the project.

    Args:
        folder: where it goes, which is made if it is not there.

    Raises:
        WrongUsage: a file of it is there already, or the folder is none; nothing was written.
        WorkFailed: a file cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f"{folder} is a file", "name a folder, which is made if it is not there")
    names = list(project_files())
    there = [folder / name for name in names if (folder / name).exists()]
    if there:
        listed = "\n".join(map(str, there))
        raise WrongUsage(f"nothing was written, since these are there already\n{listed}", "name another folder")
    for name in names:
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((PROJECT / name).read_bytes())
        except OSError as error:
            raise WorkFailed(f"{path}: cannot be written: {error.strerror}") from error
    _tell(folder, names, Screen())


def _tell(folder: Path, names: list[Path], screen: Screen) -> None:
    for name in names:
        screen.say(f"  {folder / name}", "dim")
    go = "" if folder.resolve() == Path.cwd().resolve() else f"cd {folder}, then "
    screen.say(f"{len(names)} files are written; next: {go}headchef workflow test {WORKFLOW}", "green")
