"""`headchef pause|resume|cancel|brakes`: stop paid calls of a tenant, batch, lane, label or job, or end its jobs."""

from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

if TYPE_CHECKING:
    from headchef_contracts.events.brakes import BrakeAction

Tenant = Annotated[
    str | None,
    typer.Option(callback=tenant_named, help="All jobs of a tenant; beside --job or --batch, whose that is."),
]
Batch = Annotated[str | None, typer.Option(help="All jobs of a batch, of --tenant or of every tenant.")]
Lane = Annotated[str | None, typer.Option(help="All jobs that wait for a lane's quota.")]
Label = Annotated[str | None, typer.Option(help="All jobs with a label, as name=value.")]
Job = Annotated[str | None, typer.Option(help="One job, of --tenant or of the tenant `default`.")]
Because = Annotated[str | None, typer.Option(help="Why; `headchef brakes` and results of cancelled jobs say it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Records = Annotated[int, typer.Option(min=1, help="Look at this many of the newest records of a partition at most.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines; needs --yes.")]

_RECORDS = 1_000_000


@guarded
def pause(
    tenant: Tenant = None,
    batch: Batch = None,
    lane: Lane = None,
    label: Label = None,
    job: Job = None,
    because: Because = None,
    yes: Yes = False,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Let no paid call begin for a tenant, batch, lane, label or job, until it is resumed.

    Every executor heeds it within two seconds, also after a restart. Calls under way end and count; nothing is lost.
    """
    _carry_out("pause", (tenant, batch, lane, label, job), (because, yes, records, patience_s, as_json))


@guarded
def resume(
    tenant: Tenant = None,
    batch: Batch = None,
    lane: Lane = None,
    label: Label = None,
    job: Job = None,
    because: Because = None,
    yes: Yes = False,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Lift a pause. What two pauses hold goes on when both are lifted.

    --batch without --tenant lifts all pauses of batches with that id: those of single tenants too.
    """
    _carry_out("resume", (tenant, batch, lane, label, job), (because, yes, records, patience_s, as_json))


@guarded
def cancel(
    tenant: Tenant = None,
    batch: Batch = None,
    lane: Lane = None,
    label: Label = None,
    job: Job = None,
    because: Because = None,
    yes: Yes = False,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """End all jobs of a tenant, batch, lane, label, or one job, that were submitted until now.

    Each gets its result, with status `cancelled` and what its calls have cost; it is called no more. This cannot be
    undone: to have a job done after all, submit it again with a higher `run`.
    """
    _carry_out("cancel", (tenant, batch, lane, label, job), (because, yes, records, patience_s, as_json))


@guarded
def brakes(
    patience_s: Patience = 30, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False
) -> None:
    """List what is paused or cancelled, since when, by whom and why."""
    from headchef.cli.braking.listing import carry_out

    carry_out(patience_s, as_json=as_json)


def _carry_out(
    action: "BrakeAction",
    scoped: tuple[str | None, str | None, str | None, str | None, str | None],
    manner: tuple[str | None, bool, int, float, bool],
) -> None:
    from headchef.cli.braking.running import Manner, carry_out
    from headchef.cli.braking.scope import Scoped

    carry_out(action, Scoped(*scoped), Manner(*manner))
