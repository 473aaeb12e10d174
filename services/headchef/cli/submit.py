"""`headchef submit`: one job from options or standard input, or a file of jobs or rows."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

_FILE = "Rows or jobs: .jsonl, .json, .csv, .tsv; - reads standard input."
_WORKFLOW = "A published workflow, NAME@VERSION, in place of a prompt: --input or the rows are its input."
_URGENCY = "Urgency; of jobs that name none, by default bulk for a file and interactive for one job."
_SEMANTIC = "YAML file: which columns are free text, and when an answer to another wording of it may serve."
_REPAIRS = "Further answers asked for, each paid, while one fails its schema or checks; 0 by default."
_BATCH_SIZE = (
    "Jobs of the batch in all, where it is sent as several files; 0 if not known. Else as many as the file has."
)
_MAX_REJECT_RATE = "Pause the batch once it is certain that a larger share of its answers is rejected or failed."
_ENTRY = "Publish to the topics of this entry, to which the tenant is bound, in place of the public ones."
_PATIENCE = "Seconds to wait for Kafka while it is away."


@guarded
def submit(
    file: Annotated[Path | None, typer.Argument(help=_FILE, show_default=False)] = None,
    prompt: Annotated[str | None, typer.Option(help="The prompt; with rows or --input a Jinja template.")] = None,
    prompt_file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="File of the prompt.")] = None,
    workflow: Annotated[str | None, typer.Option(help=_WORKFLOW)] = None,
    system: Annotated[str | None, typer.Option(help="System prompt; a template like the prompt.")] = None,
    schema: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="JSON Schema of answers.")] = None,
    checks: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="YAML list of checks that answers must pass.")
    ] = None,
    semantic: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help=_SEMANTIC)] = None,
    repairs: Annotated[int | None, typer.Option(min=0, max=10, help=_REPAIRS)] = None,
    values: Annotated[str | None, typer.Option("--input", help="JSON object, for the template of one job.")] = None,
    file_format: Annotated[
        Literal["jsonl", "json", "csv"] | None, typer.Option("--format", help="Of the file, if its name does not tell.")
    ] = None,
    job_id: Annotated[str | None, typer.Option(help="Id of the one job; by default a new one.")] = None,
    id_field: Annotated[str | None, typer.Option(help="Column of the job id; else ids follow from content.")] = None,
    id_prefix: Annotated[str, typer.Option(help="Put before ids.")] = "",
    subject_field: Annotated[str | None, typer.Option(help="Column that says what the content is about.")] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="File or https address that one job shows; may be repeated.")
    ] = None,
    image_field: Annotated[str | None, typer.Option(help="Column of the https address of an image.")] = None,
    model: Annotated[str | None, typer.Option(help="A model of the catalogue.")] = None,
    tier: Annotated[str | None, typer.Option(help="A tier of the catalogue, in place of a model.")] = None,
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="For whom; tenants share no answers.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Batch id, to follow the results by.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=0, help=_BATCH_SIZE)] = None,
    max_reject_rate: Annotated[float | None, typer.Option(min=0, max=1, help=_MAX_REJECT_RATE)] = None,
    job_class: Annotated[Literal["interactive", "bulk"] | None, typer.Option("--class", help=_URGENCY)] = None,
    entry: Annotated[str | None, typer.Option(help=_ENTRY)] = None,
    cache: Annotated[Literal["exact", "bypass"] | None, typer.Option(help="Whether earlier answers serve.")] = None,
    run: Annotated[int | None, typer.Option(min=0, help="Raise it to run a finished job again.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, kept with the job; may be repeated.")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, max=2, help="The model's own if omitted.")] = None,
    max_output_tokens: Annotated[int | None, typer.Option(min=1, help="The model's own if omitted.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Send the good lines of a file with bad ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and send nothing.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the results; the one of a single job is shown.")
    ] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for results.")] = 300,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help=_PATIENCE)] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Submit one job, or one for each row of a file.

    One job: headchef submit --prompt "Name three uses of cork" --wait

    Rows: headchef submit products.csv --prompt-file product.j2 --schema product.json --id-field sku

    Through a workflow: headchef submit places.csv --workflow city-guide@1 --id-field city

    Whole jobs: headchef submit jobs.jsonl

    The input is checked before anything is sent. Job ids follow from the id field or from the content, so running the
    same command again is safe: what has arrived is recognised and dropped.
    """
    import uuid

    from headchef.cli.submission.order import Order
    from headchef.cli.submission.running import Manner, carry_out

    order = Order(
        file=file,
        prompt=prompt,
        prompt_file=prompt_file,
        workflow=workflow,
        system=system,
        schema=schema,
        checks=checks,
        semantic=semantic,
        repairs=repairs,
        values=values,
        file_format=file_format,
        job_id=job_id,
        new_id=f"job-{uuid.uuid4().hex[:12]}",
        id_field=id_field,
        id_prefix=id_prefix,
        subject_field=subject_field,
        images=image or (),
        image_field=image_field,
        labels=label or (),
        fields={
            "model": model,
            "tier": tier,
            "tenant": tenant,
            "batch_id": batch,
            "batch_max_reject_rate": max_reject_rate,
            "class": job_class,
            "cache": cache,
            "run": run,
        },
        batch_size=batch_size,
        parameters={"temperature": temperature, "max_output_tokens": max_output_tokens},
    )
    manner = Manner(
        skip_bad=skip_bad,
        dry_run=dry_run,
        wait=wait,
        timeout_s=timeout_s,
        patience_s=patience_s,
        as_json=as_json,
        entry=entry,
    )
    carry_out(order, manner)
