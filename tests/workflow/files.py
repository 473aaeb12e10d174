"""The landing page's workflow, and copies of it with something changed."""

import shutil
from pathlib import Path

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
