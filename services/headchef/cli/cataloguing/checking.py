"""Checks a catalogue file before it is published: its form, then what only the cluster and this machine can tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headchef_contracts import topics
from headchef_contracts.events.catalog import MAX_CATALOG_CHARACTERS

from headchef.catalogue import BadCatalogue, Catalogue, read, resolve
from headchef.catalogue.consistency import share_faults
from headchef.catalogue.form import CatalogueFile
from headchef.cli.faults import WrongUsage
from headchef.document import Fault, read_yaml, shown
from headchef.runtime.log.port import Log


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file whose form is right.

    Attributes:
        path: as it was named.
        text: all of it.
        catalogue: what it says.
    """

    path: Path
    text: str
    catalogue: Catalogue


def candidate(path: Path) -> Candidate:
    """Read a file and check all that can be told from it alone.

    Raises:
        WrongUsage: lists every fault with its line and field, and what would be right.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: cannot be read: {error.strerror}") from error
    try:
        catalogue = read(raw, path, path.parent)
    except BadCatalogue as error:
        raise refused(path, error.faults) from error
    text = raw.decode()
    if len(text) > MAX_CATALOG_CHARACTERS:
        message = f"has {len(text):,} characters; at most {MAX_CATALOG_CHARACTERS:,} can be published"
        raise refused(path, (Fault(0, "", message),))
    return Candidate(path, text, catalogue)


def refused(path: Path, faults: tuple[Fault, ...]) -> WrongUsage:
    """Say that a file is not published, with all its faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return WrongUsage(f"{path} has {count}, and is not published\n" + "\n".join(shown(path, each) for each in faults))


def missing_here(found: Candidate, environment: Mapping[str, str]) -> tuple[Fault, ...]:
    """Give the addresses and credentials that the file names and this machine has not, each once.

    Args:
        found: the file.
        environment: the variables that it may name.
    """
    faults: dict[Fault, None] = {}
    for lane in found.catalogue.lanes:
        try:
            resolve(found.catalogue, lane, environment)
        except BadCatalogue as error:
            faults |= dict.fromkeys(error.faults)
    return tuple(sorted(faults, key=lambda fault: fault.line))


async def unfit_for(log: Log, namespace: str, found: Candidate) -> tuple[Fault, ...]:
    """Give what the cluster has against a file: lanes without their topics, and shares that are too small.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        found: the file.
    """
    document = read_yaml(found.text)
    form = CatalogueFile.model_validate(document.data)
    needed = {lane: _topics_of(namespace, lane) for lane in form.lanes}
    counts = await log.partition_counts(sorted({name for names in needed.values() for name in names}))

    def faults() -> Iterator[Fault]:
        for lane, names in needed.items():
            if missing := [name for name in names if name not in counts]:
                message = f"the cluster has no {missing[0]}; first run `headchef topics create --lane {lane}`"
                yield document.fault(("lanes", lane), message)
                continue
            dispatched = topics.physical(namespace, f"steps.dispatched.{lane}")
            for field, message in share_faults(form, lane, counts[dispatched]):
                yield document.fault(("lanes", lane, field), message)

    return tuple(faults())


def _topics_of(namespace: str, lane: str) -> list[str]:
    """Name what exists for one lane alone."""
    shared = {row.logical for row in topics.required([])}
    return [topics.physical(namespace, row.logical) for row in topics.required([lane]) if row.logical not in shared]
