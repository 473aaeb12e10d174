"""The wheel: builds from its folder alone, carries the data files, and needs Pydantic only."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from headchef_contracts import __version__
from headchef_contracts.generate import PACKAGE

PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
IMPORTS_ALL = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import headchef_contracts
for name in sys.argv[2:]:
    __import__(name)
print(headchef_contracts.__file__)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(root for root in roots - sys.stdlib_module_names if not root.startswith("_")))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(PACKAGE.parent, folder / "contracts", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*command, str(folder / "contracts")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_it_carries_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = {f"{PACKAGE.name}/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected
    for name in ("topics.toml", "asyncapi.json", "py.typed", "schemas/headchef.job.submitted/1/schema.json"):
        assert f"headchef_contracts/{name}" in expected


def test_it_depends_on_pydantic_only(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    needs = metadata.get_all("Requires-Dist") or []
    assert [need for need in needs if "extra ==" not in need] == ["pydantic<3,>=2.11"]
    assert all("extra == 'client'" in need and need.startswith("aiokafka") for need in needs if "extra ==" in need)
    assert metadata["Version"] == __version__


def test_it_imports_with_pydantic_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    files = [name for name in wheel.namelist() if name.endswith(".py") and "/client/" not in name]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files]
    command = [sys.executable, "-I", "-c", IMPORTS_ALL, str(tmp_path), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    place, roots = done.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert set(roots.split()) <= PYDANTIC | {"headchef_contracts"}
