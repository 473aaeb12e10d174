"""What each decision says of the catalogue that it was made by must be so."""

from collections.abc import Iterator

import orjson

from headchef.catalogue.in_force import TOPIC
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, Happened

_DECIDED = ("steps.planned", "jobs.refused", "attempts.recorded", *ALL_DISPATCHED)
"""By routers and executors, whose decisions depend on a catalogue; what others decide has none, or that of the plan."""


def by_what_was_published(evidence: Evidence) -> Iterator[str]:
    """Each decision names a catalogue that can be used, and that was the file's or published before it."""
    since_ms = {evidence.catalogues.file.version: 0}
    for record in evidence.published:
        if record.value is not None and record.value.startswith(b"{"):
            since_ms.setdefault(orjson.loads(record.value)["catalog_version"], record.timestamp_ms)
    for topic in _DECIDED:
        for event in evidence.every(topic):
            for version in _versions(event):
                known = version in evidence.catalogues.by_version and version in since_ms
                if not known or since_ms[version] > event.record.timestamp_ms:
                    yield f"{topic} {event.spot} was decided by catalogue {version}, which was not in force"


def _versions(event: Happened) -> set[str]:
    step = event.data.get("step", {})
    named = {event.data["decided"]["catalog_version"], step.get("catalog_version"), event.data.get("price_version")}
    return {str(version) for version in named if version is not None}


def the_last_good_one_everywhere(evidence: Evidence) -> Iterator[str]:
    """In the end every process uses what was published last, of what can be used."""
    wanted = evidence.catalogues.last_good.version
    for process, version in evidence.in_force.items():
        if version != wanted:
            yield f"{process} uses {version}, and {wanted} was published last in {TOPIC}"
