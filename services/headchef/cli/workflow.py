"""`headchef workflow check|graph|run|test|apply|list`: find faults, see the steps, run and test, publish a version."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named
from headchef.cli.workflows.decider import Decider

commands = typer.Typer(
    no_args_is_help=True, help="Check, draw, run, test and publish workflows: the steps of jobs, in YAML files."
)


class Picture(StrEnum):
    """What a drawing can be."""

    MERMAID = "mermaid"
    SVG = "svg"


@commands.command()
@guarded
def check(
    files: Annotated[list[Path], typer.Argument(help="Workflows, YAML files.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Read workflows with their prompts and schemas, and name every fault by file, line, column and field.

    Nothing is run or published. Exit code 2 if there is a fault.
    """
    from headchef.cli.workflows.running import check as carry_out

    if not carry_out(files, as_json=as_json):
        raise typer.Exit(2)


@commands.command()
@guarded
def graph(
    file: Annotated[Path, typer.Argument(help="A workflow, a YAML file.", show_default=False)],
    picture: Annotated[
        Picture, typer.Option("--as", help='mermaid, or svg, which needs `pip install "headchef[graph]"`.')
    ] = Picture.MERMAID,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file to write, in place of the screen.")
    ] = None,
) -> None:
    """Draw the steps of a workflow and what each waits for."""
    from headchef.cli.workflows.running import draw

    draw(file, picture.value, output)


@commands.command()
@guarded
def apply(
    files: Annotated[list[Path], typer.Argument(help="Workflows, YAML files.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare; publish nothing.")] = False,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Publish workflows, with their prompts and schemas, for jobs to name as NAME@VERSION.

    A published version never changes: with other content the version is to be raised. With any fault in any file
    nothing is published, and the exit code is 2.
    """
    from headchef.cli.workflows.publishing import apply as carry_out

    carry_out(files, dry_run=dry_run, patience_s=patience_s, as_json=as_json)


@commands.command("list")
@guarded
def list_published(
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the published workflows."""
    from headchef.cli.workflows.publishing import list_all

    list_all(patience_s=patience_s, as_json=as_json)


@commands.command()
@guarded
def run(
    file: Annotated[Path, typer.Argument(help="A workflow, a YAML file.", show_default=False)],
    values: Annotated[str | None, typer.Option("--input", help="The job's input: JSON, or @FILE.")] = None,
    given: Annotated[
        list[str] | None, typer.Option(help="STEP=JSON or STEP=@FILE: an output in place of a step; may be repeated.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file for the output.")] = None,
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="For whom; tenants share no answers.")
    ] = None,
    reviews: Annotated[
        Decider | None,
        typer.Option(
            help="Who decides what human steps ask: whoever is at this terminal; what holds if nobody decides, which is"
            " the default where there is no terminal; or all alike."
        ),
    ] = None,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0, help="Seconds without any outcome to wait.")] = 300,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Run one job through a workflow: its questions go to the services, the rest runs on this machine.

    Needs services at work, such as `headchef up`. Everything is checked before anything is paid for.
    """
    import uuid

    from headchef.cli.workflows.run import Request
    from headchef.cli.workflows.run import run as carry_out

    request = Request(
        file=file,
        values=values,
        given=given or (),
        run=f"run-{uuid.uuid4().hex[:12]}",
        fields={"tenant": tenant},
        output=output,
        timeout_s=timeout_s,
        patience_s=patience_s,
        as_json=as_json,
        decider=reviews,
    )
    carry_out(request)


@commands.command("test")
@guarded
def try_cases(
    file: Annotated[Path, typer.Argument(help="A workflow, a YAML file.", show_default=False)],
    cases: Annotated[
        Path | None, typer.Option("--cases", help="A file of cases; NAME.tests.yaml beside NAME.yaml if omitted.")
    ] = None,
    chosen: Annotated[list[str] | None, typer.Option("--case", help="Only this case; may be repeated.")] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write golden results anew, where all else is as expected.")
    ] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="A file to write, JUnit XML for a CI system.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=100, help="Cases that are under way at once.")] = 4,
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="For whom; tenants share no answers.")
    ] = None,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0, help="Seconds without any outcome to wait.")] = 300,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Lead a workflow's cases through it, and see that what comes of them is what was expected.

    A case may say what models, sources and functions answer. Where all cases answer for each step that asks a model,
    nothing else needs to run; other questions go to the services, as with `run`. Exit codes: 0 all have passed; 1 not
    all have; 2 the workflow or its cases have faults, and nothing was asked.
    """
    import uuid

    from headchef.cli.workflows.testing.running import Request
    from headchef.cli.workflows.testing.running import try_cases as carry_out

    request = Request(
        file=file,
        cases=cases,
        chosen=chosen or (),
        update=update,
        junit=junit,
        concurrency=concurrency,
        run=f"test-{uuid.uuid4().hex[:12]}",
        tenant=tenant,
        timeout_s=timeout_s,
        patience_s=patience_s,
        as_json=as_json,
    )
    if not carry_out(request):
        raise typer.Exit(1)
