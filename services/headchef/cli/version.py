"""`headchef version`: which Headchef this is, and on what it runs."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded

_PACKAGES = ("headchef", "headchef-contracts", "aiokafka", "qdrant-edge-py", "pydantic")


@guarded
def version(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Show the version of Headchef and of what it stands on."""
    import json
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    if as_json:
        typer.echo(json.dumps(found))
    else:
        typer.echo("\n".join(f"{name} {found[name]}" for name in (*_PACKAGES, "python")))
