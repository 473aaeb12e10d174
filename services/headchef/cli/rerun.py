"""`headchef rerun`: run jobs again that came to no good end."""

from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

_STATUS = "Of the newest result; several with commas."
_ALL = ("ok", "needs_review", "rejected", "failed", "cancelled")


@guarded
def rerun(
    job: Annotated[str | None, typer.Argument(help="The job's id.", show_default=False)] = None,
    batch: Annotated[str | None, typer.Option(help="All jobs of this batch that have such a status.")] = None,
    tenant: Annotated[str | None, typer.Option(callback=tenant_named, help="Only of this tenant.")] = None,
    status: Annotated[str, typer.Option(help=_STATUS)] = "failed,rejected,cancelled",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the results; that of a single job is shown.")] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for results.")] = 300,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Run a job again, or those of a batch, and pay only for what had not succeeded.

    What was submitted is published once more with a higher run. Steps of a workflow that succeeded are taken over from
    the runs before, and accepted answers come from the cache. Deadlines that have passed are left out.
    """
    from headchef.cli.faults import WrongUsage
    from headchef.cli.rerunning.choice import Wish
    from headchef.cli.rerunning.running import Manner, carry_out

    if (job is None) == (batch is None):
        raise WrongUsage("give the id of a job, or --batch", "`headchef results` shows which there are")
    statuses = frozenset(part.strip() for part in status.split(","))
    if wrong := sorted(statuses - set(_ALL)):
        raise WrongUsage(f'--status: "{wrong[0]}" is none', f"there are {', '.join(_ALL)}")
    carry_out(Wish(job, batch, tenant, statuses), Manner(wait, timeout_s, patience_s, as_json))
