"""One campaign: a cluster, a kitchen, a steady load, rounds of faults, and what is found when all is quiet."""

import shutil
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos.brokers import brokers
from tests.chaos.evidence import gather, write_down
from tests.chaos.kitchen import kitchen
from tests.chaos.rounds import Rounds, draw
from tests.chaos.upstream import Upstream
from tests.chaos.verdict import Figures, judge
from tests.support.pipeline import Pipeline

_SETTLED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is run.

    Attributes:
        guarantee: `exactly_once` or `at_least_once`.
        brokers: one, or three.
        rounds: how many.
        broker_share: of the rounds, in which a broker is killed.
    """

    guarantee: str
    brokers: int
    rounds: int
    broker_share: float


def run(campaign: Campaign, seed: int, per_second: float, *, keep: bool = False) -> Figures:
    """Run a campaign.

    Args:
        campaign: what.
        seed: of the faults: the same one strikes in the same order, which is not the same moment.
        per_second: jobs submitted all the while.
        keep: the folder with all logs, also if all went well.

    Returns:
        The figures. If a promise was broken, or something was not answered in time, the folder with all logs and a list
        of all records is kept and named.

    Raises:
        AssertionError: something was not answered in time, or services end again and again.
    """
    folder = Path(tempfile.mkdtemp(prefix="headchef-chaos-"))
    try:
        figures = _run(campaign, seed, per_second, folder)
    except BaseException as error:
        error.add_note(f"logs: {folder}")
        raise
    if figures.broken(campaign.guarantee):
        sys.stderr.write(f"a promise was broken; logs and records: {folder}\n")
    elif keep:
        sys.stderr.write(f"logs: {folder}\n")
    else:
        shutil.rmtree(folder)
    return figures


def _run(campaign: Campaign, seed: int, per_second: float, folder: Path) -> Figures:
    chance = Random(f"{seed} {campaign}")
    namespace = f"chaos-{uuid.uuid4().hex[:8]}"
    with (
        brokers(campaign.brokers) as cluster,
        kitchen(cluster.bootstrap, namespace, folder, campaign.guarantee) as running,
        Pipeline(running) as pipeline,
    ):
        upstream = Upstream(cluster.bootstrap, namespace, per_second, Random(f"{seed} upstream"))
        rounds = Rounds(running, cluster, pipeline, upstream, chance)
        upstream.start()
        try:
            done = list(rounds.run(draw(campaign.rounds, campaign.broker_share, chance)))
            upstream.stop()
            rounds.wait_answered()
            pipeline.settled(_SETTLED_WITHIN_S)
        except AssertionError:
            write_down(pipeline, folder / "records.jsonl")
            raise
        finally:
            upstream.stop()
        figures = judge(gather(pipeline, upstream.accepted(), running.calls()), done, running.ended)
        if figures.broken(campaign.guarantee):
            write_down(pipeline, folder / "records.jsonl")
        return figures
