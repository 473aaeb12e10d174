"""`headchef cache …`: what the cache has done, and what people say of answers that are reused and of their store."""

from typing import Annotated, Literal

import typer

from headchef.cli.edge import guarded
from headchef.cli.naming import tenant_named

_Records = Annotated[int, typer.Option(min=1, help="Look at this many of the newest records of a partition at most.")]
_PatienceS = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for Kafka.")]

commands = typer.Typer(no_args_is_help=True, help="See what the cache does, and say of answers what it cannot know.")


@commands.command()
@guarded
def correct(
    job_id: Annotated[str, typer.Argument(help="The job.", metavar="JOB", show_default=False)],
    step: Annotated[str | None, typer.Option(help="The step whose answer was wrong, of a workflow's job.")] = None,
    item: Annotated[str | None, typer.Option(help="The item of that step.")] = None,
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="Whose job it is, where several have one of this name.")
    ] = None,
    because: Annotated[str | None, typer.Option(help="Why; the cache's log says it.")] = None,
    right: Annotated[
        str | None,
        typer.Option(
            help="A file with what would have been right, JSON or text; - for standard input.", metavar="FILE"
        ),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; your name and your machine's if omitted.")] = None,
    records: _Records = 1_000_000,
    patience_s: _PatienceS = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say that the answer of a job was wrong: the cache gives it to nobody any more.

    It does not come back, also when the cache is made anew. Where it was reused for questions in other words, it counts
    as an error of theirs. The job itself keeps its result: submit it again with a higher `run` to have another.
    """
    from headchef.cli.correcting.choosing import Said
    from headchef.cli.correcting.running import carry_out
    from headchef.cli.somebody import somebody

    said = Said(job_id, by or somebody(), because, None, step, item, tenant)
    carry_out(said, right, records, patience_s, as_json=as_json)


@commands.command()
@guarded
def invalidate(
    tag: Annotated[str | None, typer.Option(help="Answers to jobs with this one of their `cache_tags`.")] = None,
    template: Annotated[
        str | None,
        typer.Option(help="Answers to this template: its hash, or a workflow's name@version or name@version/step."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Answers made from this document, text or image: its SHA-256, or a file."),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(callback=tenant_named, help="All answers of a tenant; beside another option those of it alone."),
    ] = None,
    erase: Annotated[
        bool, typer.Option("--erase", help="Delete all that caches have of the tenant, and list what others have.")
    ] = False,
    because: Annotated[str | None, typer.Option(help="Why, in words.")] = None,
    patience_s: _PatienceS = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Let earlier answers hold no longer: what was asked for until now is neither served nor kept.

    Caches take it up by themselves within a second. One that cannot read for two seconds what was invalidated serves no
    earlier answer until it can. Jobs that are being answered get their own answers.
    """
    from headchef.cli.invalidating.asked import Asked
    from headchef.cli.invalidating.running import carry_out

    carry_out(Asked(tag, template, source, tenant, erase, because), patience_s, as_json=as_json)


@commands.command()
@guarded
def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Have the store of answers filled again from the topic of verdicts, as far back as that reaches.

    A store that is lost or cannot be read is filled by itself. This is for one that has lost something unnoticed, or
    that was away while answers came. What has expired, was invalidated or corrected does not come back.
    """
    from headchef.cli.rebuilding import carry_out

    carry_out(as_json=as_json)


@commands.command()
@guarded
def stats(
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="Whose questions; everybody's if omitted.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from this time on: a span such as 24h or 7d, or ISO 8601, UTC if not said.")
    ] = None,
    records: _Records = 1_000_000,
    patience_s: _PatienceS = 30,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: one kind a line, all together, then one pool a line.")
    ] = False,
) -> None:
    """Show how many questions were answered by earlier answers, what that saved, and how often it was wrong.

    Each question of a step counts once. What was saved is what the reused answers had cost, and their calls had taken.
    """
    from headchef.cli.cache_stats.running import carry_out

    carry_out(tenant, since, records, patience_s, as_json=as_json)


@commands.command()
@guarded
def explain(
    job_id: Annotated[str, typer.Argument(help="The job.", metavar="JOB", show_default=False)],
    records: _Records = 1_000_000,
    patience_s: _PatienceS = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell why each question of a job was answered by an earlier answer, or was not.

    What the same question came to before, whom it waited for, which question was nearest in meaning and what was
    thought of its answer, the bound then and now, what was learnt, and what people have found wrong.
    """
    from headchef.cli.cache_explain.running import carry_out

    carry_out(job_id, records, patience_s, as_json=as_json)


@commands.command()
@guarded
def simulate(
    delta: Annotated[
        list[float] | None,
        typer.Option(
            min=0, max=0.2, help="Try this `max_wrong`, such as 0.01; again for more. What jobs say if omitted."
        ),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(callback=tenant_named, help="Whose questions; everybody's if omitted.")
    ] = None,
    pool: Annotated[str | None, typer.Option(help="Of this pool, by its whole name; of all if omitted.")] = None,
    embedder: Annotated[
        Literal["hashed", "wordllama", "endpoint"] | None,
        typer.Option(help="Whose vectors are compared; the cache's by HEADCHEF_CACHE_EMBEDDER_KIND if omitted."),
    ] = None,
    explore: Annotated[
        float | None,
        typer.Option(
            min=0.0001, max=1, help="Ask the model for this share of what may be served. What jobs say if omitted."
        ),
    ] = None,
    records: _Records = 1_000_000,
    patience_s: _PatienceS = 30,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: one value of --delta a line, then one pool a line.")
    ] = False,
) -> None:
    """Show what another `max_wrong` or embedder would have done with past questions. No model is asked.

    Questions that went to their models are replayed in order, by what decides in the cache: neighbours, groups, bound.
    Those that were answered by an earlier answer have no fresh one, and are left out.
    """
    from headchef.cli.cache_simulate.replay import Setting
    from headchef.cli.cache_simulate.running import Tried, carry_out

    settings = [Setting(each, explore) for each in dict.fromkeys(delta or ())] or [Setting(None, explore)]
    carry_out(Tried(tenant, pool, settings, embedder), records, patience_s, as_json=as_json)
