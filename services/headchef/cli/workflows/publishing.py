"""Carries out `headchef workflow apply` and `list`: publishes versions, each once, and shows those that are."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from headchef_contracts.events.workflows import WorkflowPublished

from headchef.cli.broadcast import entries, entry, publish
from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.faults import WrongUsage
from headchef.cli.history.reading import open_record
from headchef.cli.screen import Screen, table
from headchef.runtime.log.port import Log
from headchef.workflow import BadWorkflow, load
from headchef.workflow.published import TOPIC, publication


def apply(files: Sequence[Path], *, dry_run: bool, patience_s: float, as_json: bool) -> None:
    """Publish workflows that are not published yet.

    Args:
        files: the workflows.
        dry_run: publish nothing.
        patience_s: seconds to wait for Kafka.
        as_json: an object a workflow on standard output.

    Raises:
        WrongUsage: one has faults, cannot be led by the services, or is published with other content; nothing was
            published then.
    """
    screen, cluster = Screen(as_json=as_json), named_cluster()
    asyncio.run(_apply(_publications(files), screen, cluster, patience_s, dry_run=dry_run))


def _publications(files: Sequence[Path]) -> list[WorkflowPublished]:
    found: dict[str, tuple[Path, WorkflowPublished]] = {}
    faults: list[str] = []
    for path in files:
        try:
            workflow = load(path)
            event = publication(workflow, datetime.now(UTC))
        except BadWorkflow as bad:
            faults.append(str(bad))
            continue
        other_path, other = found.setdefault(event.name, (path, event))
        if other.digest != event.digest:
            faults.append(f"{path}: {event.name} is {other_path} too, with other content: raise a `version`")
    if faults:
        raise WrongUsage("nothing was published\n" + "\n".join(faults))
    return [event for _, event in found.values()]


async def _apply(
    events: Sequence[WorkflowPublished], screen: Screen, cluster: Cluster, patience_s: float, *, dry_run: bool
) -> None:
    async with opened(cluster) as log:
        known = await patiently(
            lambda: _published(log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )
        changed = [each for each in events if each.name in known and known[each.name].digest != each.digest]
        if changed:
            lines = (f"{each.file}: {each.name} is published with other content: raise `version`" for each in changed)
            raise WrongUsage("nothing was published\n" + "\n".join(lines))
        new = [each for each in events if each.name not in known]
        if new and not dry_run:
            producer = log.producer(f"{cluster.namespace}.workflows", None)
            await producer.start()
            try:
                for each in new:
                    await publish(producer, entry(each, TOPIC, cluster.namespace, each.published_at))
            finally:
                await producer.close()
    for each in events:
        _tell(each, screen, new=each in new, dry_run=dry_run)


def _tell(event: WorkflowPublished, screen: Screen, *, new: bool, dry_run: bool) -> None:
    state = "is published already" if not new else "would be published" if dry_run else "is published"
    if screen.as_json:
        screen.data({"workflow": event.name, "digest": event.digest, "state": state})
        return
    hint = "" if new and dry_run else f": `headchef submit --workflow {event.name} --input …`"
    screen.say(f"{event.name} {state}{hint}", "green")


def list_all(*, patience_s: float, as_json: bool) -> None:
    """Show what is published, in the order in which that was done."""
    screen, cluster = Screen(as_json=as_json), named_cluster()
    known = asyncio.run(_listed(cluster, screen, patience_s))
    if as_json:
        screen.data([event.model_dump(mode="json", exclude={"text", "prompts", "schemas"}) for event in known.values()])
    elif not known:
        screen.say("no workflow is published; `headchef workflow apply FILE` publishes one", "yellow")
    else:
        cells = [
            (event.name, event.published_at.isoformat(timespec="seconds"), event.file, event.digest)
            for event in known.values()
        ]
        screen.write(table("", ("workflow", "published", "file", "digest"), cells))


async def _listed(cluster: Cluster, screen: Screen, patience_s: float) -> dict[str, WorkflowPublished]:
    async with opened(cluster) as log:
        return await patiently(
            lambda: _published(log, cluster.namespace), cluster=cluster, screen=screen, patience_s=patience_s
        )


async def _published(log: Log, namespace: str) -> dict[str, WorkflowPublished]:
    """Read what is published: of two with one name the earlier one, as the services do."""
    known: dict[str, WorkflowPublished] = {}
    for record in await entries(log, namespace, TOPIC):
        event = open_record(TOPIC, record).event
        if isinstance(event, WorkflowPublished):
            known.setdefault(event.name, event)
    return known
