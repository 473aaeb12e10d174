"""What differs between two catalogues, field by field; comments and the order of entries are no difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headchef.catalogue.form import CatalogueFile
from headchef.document import read_yaml

Mark = str
"""`+` for what is new, `-` for what is gone, `~` for another value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or one that an entry had not before, or has no more.

    Attributes:
        field: dotted path, such as `models.small.prices.input`.
        before: as it is published; None where it is not there.
        after: as it would be; None where it is not there.
    """

    field: str
    before: str | None
    after: str | None

    @property
    def mark(self) -> Mark:
        """Say at a glance what became of it."""
        return "+" if self.before is None else "-" if self.after is None else "~"


def differences(before: str | None, after: str) -> list[Difference]:
    """Compare two catalogues whose form is right.

    Args:
        before: the text that is published; None if none is.
        after: the text of a file.

    Returns:
        One for each field, in the order of the file, and then what is gone.
    """
    old, new = ({} if before is None else _fields(before)), _fields(after)
    names = [*new, *(name for name in old if name not in new)]
    changed = [name for name in names if old.get(name) != new.get(name)]
    return [Difference(name, _shown(old.get(name)), _shown(new.get(name))) for name in changed]


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _fields(text: str) -> dict[str, object]:
    file = CatalogueFile.model_validate(read_yaml(text).data)
    return dict(_flat("", file.model_dump(exclude_none=True)))


def _flat(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(f"{prefix}{name}.", inner)
        else:
            yield f"{prefix}{name}", inner
