"""Writes what is generated from the registry and the topic table: JSON Schemas and the AsyncAPI document.

`python -m headchef_contracts.generate` writes; with `--check` it only says what is out of date, and exits 1.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from headchef_contracts import __version__
from headchef_contracts.asyncapi import document
from headchef_contracts.json_schema import as_text, folder, schema_of
from headchef_contracts.registry import REGISTRY, Registry

PACKAGE = Path(__file__).parent
COMMAND = "python -m headchef_contracts.generate"


def generated(registry: Registry, root: Path) -> Mapping[PurePosixPath, str]:
    """Give every generated file.

    Args:
        registry: the events.
        root: the package's folder, from which the examples are read.

    Returns:
        Texts, by path relative to the root.
    """
    files = {folder(*key) / "schema.json": as_text(schema_of(model)) for key, model in registry.models.items()}
    files[PurePosixPath("asyncapi.json")] = as_text(document(registry, __version__, root))
    return files


def stale(registry: Registry, root: Path) -> list[PurePosixPath]:
    """Give the generated files that are missing below the root or differ from what would be written."""
    return [path for path, text in generated(registry, root).items() if _read(root / path) != text]


def write(registry: Registry, root: Path) -> list[PurePosixPath]:
    """Write the generated files below the root; give those that changed."""
    changed = stale(registry, root)
    files = generated(registry, root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], "utf-8")
    return changed


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def main(arguments: Sequence[str] | None = None, registry: Registry = REGISTRY) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write JSON Schemas and the AsyncAPI document.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if something is out of date")
    parser.add_argument("--root", type=Path, default=PACKAGE, help="the package's folder")
    options = parser.parse_args(arguments)
    if options.check:
        for path in (late := stale(registry, options.root)):
            sys.stdout.write(f"{path} is out of date: run `{COMMAND}` and commit what it writes\n")
        return 1 if late else 0
    for path in write(registry, options.root):
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
