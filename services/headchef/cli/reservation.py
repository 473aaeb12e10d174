"""`headchef reservation list|release`: see which jobs hold which titles and slugs, and take one away from a job."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

commands = typer.Typer(
    no_args_is_help=True, help="See what jobs have reserved, such as titles and slugs, and take it away."
)

Tenant = Annotated[str, typer.Option(callback=tenant_named, help="Whose jobs.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]


@commands.command("list")
@guarded
def list_(
    tenant: Tenant = "default",
    site: Annotated[str | None, typer.Option(help="Of one site alone.")] = None,
    name: Annotated[str | None, typer.Option(help="Of one kind alone, such as title.")] = None,
    job: Annotated[str | None, typer.Option(help="Of one job alone.")] = None,
    patience_s: Patience = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line, for machines.")] = False,
) -> None:
    """Show which job holds which value of a tenant's, and since when."""
    from headchef.cli.reservations.reading import Wanted
    from headchef.cli.reservations.running import show

    show(Wanted(tenant, site=site, name=name, job_id=job), patience_s=patience_s, as_json=as_json)


@commands.command()
@guarded
def release(
    value: Annotated[str, typer.Argument(help="The title, slug or whatever it is.", show_default=False)],
    site: Annotated[str, typer.Option(help="Where it is reserved.", show_default=False)],
    name: Annotated[str, typer.Option(help="What kind of value it is, such as title.", show_default=False)],
    tenant: Tenant = "default",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    patience_s: Patience = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines; needs --yes.")] = False,
) -> None:
    """Take a value away from the job that holds it, so that another job may have it.

    The job is not told: see to it that its content is not used any more. A rerun of it asks again.
    """
    from headchef.cli.reservations.reading import Wanted
    from headchef.cli.reservations.running import take_away

    take_away(Wanted(tenant, site=site, name=name, value=value), yes=yes, patience_s=patience_s, as_json=as_json)
