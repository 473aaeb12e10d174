"""`headchef review list|show|approve|edit|reject`: what steps of workflows ask people, and the people's decisions."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

if TYPE_CHECKING:
    from headchef_contracts.events.reviews import Verdict

    from headchef.cli.reviewing.choosing import Choice
    from headchef.cli.reviewing.running import Reading

commands = typer.Typer(no_args_is_help=True, help="See what workflows ask people, and decide.")

Job = Annotated[str | None, typer.Argument(help="Of one job.", metavar="JOB", show_default=False)]
OneJob = Annotated[str, typer.Argument(help="The job.", metavar="JOB", show_default=False)]
Step = Annotated[str | None, typer.Option(help="Of one step.")]
Item = Annotated[str | None, typer.Option(help="Of one item of a step.")]
Tenant = Annotated[str | None, typer.Option(callback=tenant_named, help="Of one tenant.")]
Workflow = Annotated[str | None, typer.Option(help="Of one workflow: NAME, or NAME@VERSION.")]
Batch = Annotated[str | None, typer.Option(help="Of one batch.")]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", help="Asked for before: a span back such as 2h or 3d, or a time.")
]
Because = Annotated[str | None, typer.Option(help="Why; the result and `headchef explain` say it.")]
By = Annotated[str | None, typer.Option(help="Who decides; your name and your machine's if omitted.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds without any answer to wait.")]
Records = Annotated[int, typer.Option(min=1, help="Look at this many of the newest records of a partition at most.")]
Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
AsJsonYes = Annotated[bool, typer.Option("--json", help="For machines; needs --yes, unless one review is named.")]

_RECORDS = 1_000_000


@commands.command("list")
@guarded
def list_open(
    job_id: Job = None,
    step: Step = None,
    item: Item = None,
    tenant: Tenant = None,
    workflow: Workflow = None,
    batch: Batch = None,
    older_than: OlderThan = None,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """List the open reviews: how long they wait, how much time is left, and what holds if nobody decides."""
    from headchef.cli.reviewing.running import list_open as carry_out

    choice = _choice(job_id, step, item, tenant, workflow, batch, older_than)
    carry_out(choice, _reading(records, patience_s, as_json=as_json))


@commands.command()
@guarded
def show(
    job_id: OneJob,
    step: Step = None,
    item: Item = None,
    tenant: Tenant = None,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait until it is asked for.")] = 0,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Show what one review is about: the document on standard output, all else on standard error."""
    from headchef.cli.reviewing.running import show as carry_out

    carry_out(_choice(job_id, step, item, tenant), _reading(records, patience_s, as_json=as_json), wait_s)


@commands.command()
@guarded
def approve(
    job_id: Job = None,
    step: Step = None,
    item: Item = None,
    tenant: Tenant = None,
    workflow: Workflow = None,
    batch: Batch = None,
    older_than: OlderThan = None,
    because: Because = None,
    by: By = None,
    yes: Yes = False,
    timeout_s: Timeout = 30,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJsonYes = False,
) -> None:
    """Approve one review, or all that the options mean: their jobs go on with the documents as they are.

    Exit codes: 0 all were taken; 1 some changed nothing, and why is said; 2 wrong usage, or no answer in time.
    """
    choice = _choice(job_id, step, item, tenant, workflow, batch, older_than)
    _decide("approve", choice, (because, by), None, (yes, timeout_s), _reading(records, patience_s, as_json=as_json))


@commands.command()
@guarded
def edit(
    job_id: OneJob,
    file: Annotated[
        str,
        typer.Argument(
            help="The edited document, as `show` gives it; - for standard input.", metavar="FILE", show_default=False
        ),
    ],
    step: Step = None,
    item: Item = None,
    tenant: Tenant = None,
    because: Because = None,
    by: By = None,
    timeout_s: Timeout = 30,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJson = False,
) -> None:
    """Put an edited document in place of that of one review: its job goes on with that.

    It must pass the schema and the checks of its step; one that does not is told of, and the review stays open. Exit
    codes: 0 it was taken; 1 it changed nothing, and why is said; 2 it does not pass here, wrong usage, or no answer in
    time.
    """
    choice = _choice(job_id, step, item, tenant)
    _decide("edit", choice, (because, by), file, (True, timeout_s), _reading(records, patience_s, as_json=as_json))


@commands.command()
@guarded
def reject(
    job_id: Job = None,
    step: Step = None,
    item: Item = None,
    tenant: Tenant = None,
    workflow: Workflow = None,
    batch: Batch = None,
    older_than: OlderThan = None,
    because: Because = None,
    by: By = None,
    yes: Yes = False,
    timeout_s: Timeout = 30,
    records: Records = _RECORDS,
    patience_s: Patience = 30,
    as_json: AsJsonYes = False,
) -> None:
    """Reject one review, or all that the options mean: for their steps that is an error, as `on_error` says.

    Exit codes: 0 all were taken; 1 some changed nothing, and why is said; 2 wrong usage, or no answer in time.
    """
    choice = _choice(job_id, step, item, tenant, workflow, batch, older_than)
    _decide("reject", choice, (because, by), None, (yes, timeout_s), _reading(records, patience_s, as_json=as_json))


def _choice(
    job_id: str | None,
    step: str | None,
    item: str | None,
    tenant: str | None,
    workflow: str | None = None,
    batch: str | None = None,
    older_than: str | None = None,
) -> "Choice":
    from headchef.cli.reviewing.choosing import Choice
    from headchef.cli.times import since_ms

    until_ms = None if older_than is None else since_ms("--older-than", older_than, datetime.now(UTC))
    return Choice(job_id, step, item, tenant, workflow, batch, until_ms)


def _reading(records: int, patience_s: float, *, as_json: bool) -> "Reading":
    from headchef.cli.reviewing.running import Reading

    return Reading(records, patience_s, as_json)


def _decide(
    verdict: "Verdict",
    choice: "Choice",
    said: tuple[str | None, str | None],
    source: str | None,
    manner: tuple[bool, float],
    reading: "Reading",
) -> None:
    from headchef.cli.reviewing.running import Decision, Manner, decide
    from headchef.cli.somebody import somebody

    because, by = said
    decide(Decision(verdict, because, by or somebody(), source), choice, reading, Manner(*manner))
