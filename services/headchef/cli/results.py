"""`headchef results`: read results, follow them, write them to a file."""

from pathlib import Path
from typing import Annotated

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named


@guarded
def results(
    job: Annotated[str | None, typer.Option(help="Only this job.")] = None,
    batch: Annotated[str | None, typer.Option(help="Only this batch.")] = None,
    tenant: Annotated[str | None, typer.Option(callback=tenant_named, help="Only of this tenant.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    until: Annotated[int | None, typer.Option(min=1, help="End after this many results.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --job: until its result is there.")] = False,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Seconds without a result before giving up.")
    ] = None,
    beginning: Annotated[
        str, typer.Option("--from", help="start, now, or the place that an earlier run printed.")
    ] = "start",
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Write to a .jsonl or .csv file.")] = None,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One event a line, as it lies in the log.")] = False,
) -> None:
    """Show the results of jobs, refusals included.

    Without --follow, --until or --wait it shows what there is and ends. Only committed results are seen. At the end it
    says where to go on; give that to --from.
    """
    from headchef.cli.following.running import Wish, carry_out

    wish = Wish(
        job_id=job,
        batch_id=batch,
        tenant=tenant,
        follow=follow,
        until=1 if wait and until is None else until,
        wait=wait,
        timeout_s=timeout_s,
        beginning=beginning,
        output=output,
        patience_s=patience_s,
        as_json=as_json,
    )
    carry_out(wish)
