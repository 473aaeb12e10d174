"""`headchef body put`: lay a large body down, for a job to name in place of its prompt, system prompt or input."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.naming import tenant_named

if TYPE_CHECKING:
    from headchef_contracts.events.common import Reference

commands = typer.Typer(no_args_is_help=True, help="Lay large bodies down in the store that HEADCHEF_BODIES names.")


@commands.callback()
def _commands() -> None:
    """Keep the word `put`, though there is no other one yet."""


@commands.command()
@guarded
def put(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, show_default=False, help="JSON (.json), or text in UTF-8.")
    ],
    tenant: Annotated[
        str, typer.Option(callback=tenant_named, help="Whose body it is: jobs of others do not find it.")
    ] = "default",
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for the store.")] = 30,
) -> None:
    """Lay a file down, and print what a job says in its place: {"ref": {…}}.

    The same file twice is one body.
    """
    import asyncio

    from headchef.cli.screen import Screen

    reference, data = _read(file)
    asyncio.run(_put(tenant, reference, data, patience_s))
    Screen(as_json=True).data({"ref": reference.model_dump()})


def _read(file: Path) -> "tuple[Reference, bytes]":
    import orjson

    from headchef.bodies import MAX_BODY_BYTES
    from headchef.bodies.form import written
    from headchef.cli.submission.output import text_of

    if (size := file.stat().st_size) > MAX_BODY_BYTES:
        raise WrongUsage(f"{file} has {size:,} bytes; a body has at most {MAX_BODY_BYTES:,}")
    text = text_of(file, "FILE")
    if file.suffix.lower() != ".json":
        return written(text)
    try:
        return written(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise WrongUsage(f"{file}, line {error.lineno}, column {error.colno}: {error.msg}") from error


async def _put(tenant: str, reference: "Reference", data: bytes, patience_s: float) -> None:
    import asyncio

    from headchef.cli.bodies import bodies_here

    if (bodies := bodies_here()) is None:
        raise WrongUsage("HEADCHEF_BODIES is not set", "name the store there that the services use")
    try:
        async with asyncio.timeout(patience_s):
            await bodies.put(tenant, reference, data)
    except TimeoutError as error:
        raise WorkFailed(f"the object store did not take the body in {patience_s:g} s", "run it again") from error
