"""Runs a service as a later release would have it: `python -m tests.upgrade.release reads executor`."""

import importlib
import sys

from headchef_contracts import registry
from headchef_contracts.events import steps

from tests.upgrade.versions import NEWEST, REGISTRIES


def main(release: str, service: str) -> None:
    """Put the release's contracts in place, then run the service's own main function.

    Args:
        release: `reads` or `writes`.
        service: such as `executor`; nothing of it may have been imported before.
    """
    contracts = next(contracts for name, contracts in REGISTRIES.items() if name == release)
    for name, model in NEWEST.items():
        setattr(steps, name, model)
    for name in ("decode", "encode", "write"):
        setattr(registry, name, getattr(contracts, name))
    importlib.import_module(f"headchef.{service}.__main__").main()


if __name__ == "__main__":
    main(*sys.argv[1:])
