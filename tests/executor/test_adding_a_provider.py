"""The five steps to another provider are followed as they stand, in a copy; the suite of all dialects passes there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "services/headchef/executor/dialects/README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for kind, text in _BLOCK.findall(STEPS.read_text()) if kind == language]


def write_files(root: Path) -> None:
    for text in blocks("python"):
        path, _, content = text.partition("\n")
        (root / path.removeprefix("# ")).write_text(content)


def change_lines(root: Path) -> None:
    for text in blocks("diff"):
        for change in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
            path, _, lines = change.partition("\n")
            before = "".join(f"{line[1:]}\n" for line in lines.splitlines() if line.startswith("-"))
            after = "".join(f"{line[1:]}\n" for line in lines.splitlines() if line.startswith("+"))
            source = (root / path).read_text()
            assert source.count(before) == 1, f"{path} has not one place like this: {before}"
            (root / path).write_text(source.replace(before, after))


def run(root: Path, *arguments: str) -> str:
    found = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((".", "services", "contracts"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_steps_lead_to_a_provider_that_passes_the_suite(tmp_path: Path) -> None:
    for folder in ("services", "contracts", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    write_files(tmp_path)
    change_lines(tmp_path)
    suite = ["test_adapters.py", "test_bill.py", "test_credentials.py", "test_reading.py"]
    tests = [f"tests/executor/{name}" for name in suite]
    told = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "acme", *tests)
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) > 30
    assert "failed" not in told

    (tmp_path / "catalogue.yaml").write_text(blocks("yaml")[0])
    load = "from pathlib import Path; from headchef.catalogue import load; print(load(Path('catalogue.yaml')).lanes)"
    assert "dialect='acme'" in run(tmp_path, "-c", load)
