"""Finds a job's history on the cluster that the environment names, or says that there is none."""

import asyncio

from headchef.cli.cluster import Cluster, read_patiently
from headchef.cli.entries import entries_here
from headchef.cli.faults import WorkFailed
from headchef.cli.history.gather import History, gather
from headchef.cli.screen import Screen


def history_of(job_id: str, cluster: Cluster, screen: Screen, records: int, patience_s: float) -> History:
    """Gather all events of a job, as they lie in the log.

    Args:
        job_id: the job.
        cluster: where it is.
        screen: shows how far the reading is.
        records: at most this many of the newest records of a partition are looked at.
        patience_s: how long to wait for Kafka, in seconds.

    Raises:
        WorkFailed: there is no such job, or there are no topics, or no cluster.
    """
    entries = entries_here()
    history = asyncio.run(
        read_patiently(
            cluster,
            screen,
            "reading topics",
            patience_s,
            lambda log, meter: gather(
                log,
                namespace=cluster.namespace,
                job_id=job_id,
                max_records=records,
                progress=lambda topic, done, total: meter.update(done, total, topic),
                entries=entries,
            ),
        )
    )
    if "jobs.submitted" in history.missing:
        raise WorkFailed("there is no topic of jobs", "make the topics with `headchef topics create`")
    if not history.hops:
        looked = "; older records were not looked at, see --records" if history.skipped else ""
        raise WorkFailed(
            f'no event of a job "{job_id}" is in the topics{looked}', "ids are exact: see `headchef results`"
        )
    return history
