"""`headchef tenant set|list|show`: what tenants may spend, what they have spent, and who may claim them."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

commands = typer.Typer(
    no_args_is_help=True, help="Set what tenants may spend and who may claim them, and see what they have spent."
)

Name = Annotated[str, typer.Argument(callback=tenant_named, help="The tenant, as jobs name it.", show_default=False)]
Usd = Annotated[str | None, typer.Option(help="US dollars that may be spent in it, such as 12.50.")]
Tokens = Annotated[int | None, typer.Option(min=0, help="Tokens that may be used in it, in and out together.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@commands.command("set")
@guarded
def set_(
    tenant: Name,
    day_usd: Usd = None,
    day_tokens: Tokens = None,
    month_usd: Usd = None,
    month_tokens: Tokens = None,
    warn_at: Annotated[
        str | None, typer.Option(help="Shares of a limit that are warned of, rising. Without: 0.5,0.8,0.95.")
    ] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="The tenant may spend without a bound again.")] = False,
    entry: Annotated[
        list[str] | None, typer.Option(help="Its jobs are taken from this entry alone; may be repeated.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Its jobs are taken from the public topics again.")] = False,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Set what a tenant may spend in each day and month (UTC), or by which entries its jobs come.

    The budget takes the place of the one that was set before, entries that of those before; what is not named stays.

    Routers and accounts take it up by themselves, and what is spent already counts. What does not fit waits until
    others have been settled, or fails with `budget_exceeded`.
    """
    from headchef.cli.tenants.asked import Asked
    from headchef.cli.tenants.running import carry_out

    asked = Asked(tenant, day_usd, day_tokens, month_usd, month_tokens, warn_at, unlimited, tuple(entry or ()), public)
    carry_out(asked, patience_s, as_json=as_json)


@commands.command("list")
@guarded
def list_(patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """List the tenants that have a budget or are bound to entries, since when and by whom."""
    from headchef.cli.tenants.listing import carry_out

    carry_out(patience_s, as_json=as_json)


@commands.command()
@guarded
def show(tenant: Name, patience_s: Patience = 30, as_json: AsJson = False) -> None:
    """Show what a tenant has spent of this day's and this month's budget, what is reserved, and what is left."""
    from headchef.cli.tenants.showing import carry_out

    carry_out(tenant, patience_s, as_json=as_json)
