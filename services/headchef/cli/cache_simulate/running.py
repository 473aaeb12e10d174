"""Carries out `cache simulate`: reads past questions, replays them by each setting, and shows what would have been."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headchef_contracts.events.bounds import BoundSet

from headchef.cache.embedder_settings import EmbedderSettings, Kind
from headchef.cache.policy import CachePolicy
from headchef.cache.semantic.comparing import Fresh
from headchef.cache.semantic.judging import Judging
from headchef.cache.settings import CacheSettings
from headchef.cli.cache_simulate.embedding import opened_embedder, settings_for, vectors_of
from headchef.cli.cache_simulate.past import TOPIC, Past, past_questions
from headchef.cli.cache_simulate.replay import Outcome, Replay, Setting
from headchef.cli.cache_simulate.view import as_json as values
from headchef.cli.cache_simulate.view import view
from headchef.cli.cache_stats.reading import bounds_said
from headchef.cli.cluster import Cluster, named_cluster, read_patiently
from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Meter, Screen
from headchef.equality import Instruments, Judges, installed
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.port import Log
from headchef.runtime.settings import load

_JUDGE_S = 60.0
"""For the answers to one question: nobody waits for them here."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is to be tried, and with which questions.

    Attributes:
        tenant: whose; None for all.
        pool: of which pool; None for all.
        settings: by which they are replayed, one after the other.
        embedder: whose vectors are compared; None for the one that is set.
    """

    tenant: str | None
    pool: str | None
    settings: Sequence[Setting]
    embedder: Kind | None


def carry_out(tried: Tried, records: int, patience_s: float, *, as_json: bool) -> None:
    """Replay, and show it.

    Args:
        tried: what is to be tried.
        records: at most this many of the newest records of a partition are looked at.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: one value a line.

    Raises:
        WorkFailed: there is no such question, or no topic, or no cluster; or the embedder has failed.
        BadSettings: the embedder is not installed, or something of it is not set.
    """
    screen, cluster = Screen(as_json=as_json), named_cluster()
    policy = CachePolicy(load(CacheSettings).ttl_s)
    embedding = settings_for(tried.embedder, load(EmbedderSettings))
    past, said = asyncio.run(_read(cluster, screen, tried, policy, records, patience_s))
    if not past.questions:
        whose = f" of tenant {tried.tenant}" if tried.tenant else ""
        where = f" in pool {tried.pool}" if tried.pool else ""
        hint = "jobs ask for it by `semantic`; `headchef cache stats` shows which pools there are"
        raise WorkFailed(f"no question{whose}{where} that may be compared by its meaning is in {TOPIC}", hint)
    name, outcomes = asyncio.run(replayed(past.questions, tried.settings, embedding, screen))
    if as_json:
        for value in values(outcomes, said, name):
            screen.data(value)
    else:
        screen.write(view(outcomes, said, name))
    if past.skipped:
        screen.say(f"not looked at: {past.skipped:,} older records; --records looks further", "dim")


async def replayed(
    questions: Sequence[Fresh], settings: Sequence[Setting], embedding: EmbedderSettings, screen: Screen
) -> tuple[str, Mapping[Setting, Outcome]]:
    """Replay questions by each setting.

    Args:
        questions: in their order.
        settings: what is tried.
        embedding: whose vectors are compared.
        screen: shows how far it is.

    Returns:
        The embedder's name, and what each setting came to.
    """
    async with opened_embedder(embedding) as embedder:
        with screen.progress("making vectors") as meter:
            vectors = await vectors_of(embedder, [each.question.text for each in questions], meter.update)
        judging = Judging(Judges(installed(), Instruments(embedder)), _JUDGE_S, SystemClock())
        outcomes: dict[Setting, Outcome] = {}
        with screen.progress("replaying", len(questions) * len(settings)) as meter:
            for number, setting in enumerate(settings):
                told = _Told(meter, number * len(questions))
                outcomes[setting] = await Replay(setting, embedder.name, judging).run(questions, vectors, told)
        return embedder.name, outcomes


class _Told:
    """Counts questions on a meter."""

    def __init__(self, meter: Meter, done: int) -> None:
        self._meter = meter
        self._done = done

    def __call__(self) -> None:
        self._done += 1
        self._meter.update(self._done)


async def _read(
    cluster: Cluster, screen: Screen, tried: Tried, policy: CachePolicy, records: int, patience_s: float
) -> tuple[Past, Sequence[BoundSet]]:
    async def read(log: Log, meter: Meter) -> tuple[Past, Sequence[BoundSet]]:
        past = await past_questions(
            log,
            namespace=cluster.namespace,
            tenant=tried.tenant,
            pool=tried.pool,
            policy=policy,
            max_records=records,
            progress=meter.update,
        )
        pools = {(each.settled.tenant, each.question.pool) for each in past.questions}
        said, _ = await bounds_said(log, cluster.namespace)
        return past, [each for each in said if (each.tenant, each.pool) in pools]

    return await read_patiently(cluster, screen, "reading past questions", patience_s, read)
