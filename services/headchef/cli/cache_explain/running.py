"""Carries out `cache explain`: reads what is known of a job, and tells why its questions hit or missed."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headchef.cli.cache_explain.asked import Asked, questions_of
from headchef.cli.cache_explain.explanation import as_json as value_of
from headchef.cli.cache_explain.explanation import lines_of, title_of
from headchef.cli.cache_explain.past import Past, past_of
from headchef.cli.cluster import named_cluster, read_patiently
from headchef.cli.faults import WorkFailed
from headchef.cli.history.finding import history_of
from headchef.cli.screen import Screen, printable


def carry_out(job_id: str, records: int, patience_s: float, *, as_json: bool) -> None:
    """Tell it.

    Args:
        job_id: the job.
        records: at most this many of the newest records of a partition are looked at.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one value in place of the screen.

    Raises:
        WorkFailed: there is no such job, or it has asked nothing; or there are no topics, or no cluster.
    """
    screen, cluster, now = Screen(as_json=as_json), named_cluster(), datetime.now(UTC)
    questions = questions_of(history_of(job_id, cluster, screen, records, patience_s).hops)
    if not questions:
        hint = f"`headchef explain {job_id}` tells what became of it"
        raise WorkFailed(f'the job "{job_id}" has asked no model anything, as far as the topics know', hint)
    fingerprints = {each for asked in questions for each in asked.fingerprints}
    past = asyncio.run(
        read_patiently(
            cluster,
            screen,
            "reading earlier answers",
            patience_s,
            lambda log, _: past_of(log, cluster.namespace, fingerprints, records),
        )
    )
    if as_json:
        screen.data(value_of(job_id, questions, past, now))
    else:
        screen.write(view(job_id, questions, past, now))


def view(job_id: str, questions: Sequence[Asked], past: Past, now: datetime) -> RenderableType:
    """Lay out a block for each question.

    Args:
        job_id: the job.
        questions: its questions, at least one.
        past: what else is known.
        now: the time.
    """
    return Group(*_parts(job_id, questions, past, now))


def _parts(job_id: str, questions: Sequence[Asked], past: Past, now: datetime) -> Iterator[RenderableType]:
    for asked in questions:
        title = Text(f"Job {printable(job_id)}  ", style="bold")
        yield title.append(printable(title_of(asked)), style="bold green" if _reused(asked) else "bold yellow")
        laid = Table(box=None, pad_edge=False, show_header=False)
        laid.add_column(style="dim", no_wrap=True)
        laid.add_column(overflow="fold")
        for about, words in lines_of(asked, past, now):
            laid.add_row(about, Text(printable(words)))
        yield laid


def _reused(asked: Asked) -> bool:
    return asked.use is not None and asked.use.reused and asked.refused is None
