"""The landing page's workflow, copies of it with something changed, and the faults of such."""

import shutil
from pathlib import Path

import pytest

from headchef.workflow import BadWorkflow, load

LANDING = Path(__file__).with_name("landing")
FILE = "local-landing-page.yaml"


def changed(folder: Path, *changes: tuple[str, str], file: str = FILE) -> Path:
    """Copy the landing page's workflow, with some texts of one of its files replaced by others."""
    shutil.copytree(LANDING, folder, dirs_exist_ok=True)
    path = folder / file
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return folder / FILE


def faults(path: Path) -> list[str]:
    """Load a workflow that cannot be used, and give its faults with paths below its folder."""
    with pytest.raises(BadWorkflow) as bad:
        load(path)
    return [str(each).removeprefix(f"{path.parent}/") for each in bad.value.faults]
