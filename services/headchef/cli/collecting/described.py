"""The collections that the file of the setting describes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headchef.cli.faults import WrongUsage
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.reading import SETTING, RetrievalSettings, load
from headchef.runtime.settings import load as load_settings


@dataclass(frozen=True, slots=True)
class Described:
    """Collections of a file.

    Attributes:
        path: of the file.
        entries: by name.
    """

    path: Path
    entries: Mapping[str, CollectionEntry]


def described() -> Described:
    """Read the file.

    Raises:
        WrongUsage: none is named.
        BadCollections: it cannot be used.
    """
    path = load_settings(RetrievalSettings).collections
    if path is None:
        raise WrongUsage("no collections are described", f"{SETTING} names the YAML file that does")
    return Described(path, load(path))
