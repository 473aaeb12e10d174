"""Checks the contracts: generated files, orphans, examples, topics, and compatibility with what was published.

`python -m contract_checks [--against REF]` prints a line for each fault with what to do, and exits 1 if there is one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from headchef_contracts.generate import COMMAND, PACKAGE, stale
from headchef_contracts.registry import REGISTRY, Registry

from contract_checks.baseline import baseline
from contract_checks.files import invalid_examples, orphans, unplaced_events
from contract_checks.publication import notices


def main(arguments: Sequence[str] | None = None, registry: Registry = REGISTRY) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m contract_checks", description="Check the contracts.")
    parser.add_argument("--against", metavar="REF", help="what is published; default: origin/main, else main")
    parser.add_argument("--root", type=Path, default=PACKAGE, help="the folder that holds schemas/")
    options = parser.parse_args(arguments)
    root: Path = options.root.resolve()
    faults = [f"{path} is out of date: run `{COMMAND}` (make generate) and commit it" for path in stale(registry, root)]
    faults += [*orphans(registry, root), *invalid_examples(registry, root), *unplaced_events(registry)]
    base = baseline(root, options.against)
    _say(f"contracts: {base.why}" if base.schemas else f"contracts: compared with nothing published: {base.why}")
    for notice in notices(registry, base.schemas):
        if notice.fails:
            faults.append(notice.text)
        else:
            _say(f"note: {notice.text}")
    for fault in faults:
        _say(f"FAULT: {fault}")
    _say(f"contracts: {len(faults)} faults in {len(registry.models)} published versions")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
