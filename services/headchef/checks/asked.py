"""A check as a workflow or job asks for it: its name, where it looks, its arguments."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from headchef_contracts.events.common import Finding

from headchef.checks.errors import BadCheck, CheckFault
from headchef.checks.path import BadPath, Every, Path, read_path, values_at, written
from headchef.checks.port import Check
from headchef.checks.registry import Registry
from headchef.document import Place, messages_of
from headchef.extensions import NoSuchExtension
from headchef.schema import ANYTHING, NoSuchPath, Shape, follow, kinds_of, pointer_of


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """A check with its arguments, ready to look.

    Attributes:
        name: of the check.
        path: where it looks.
        check: the check itself.
    """

    name: str
    path: Path
    check: Check

    def findings(self, output: Any, max_message_characters: int) -> Iterator[Finding]:
        """Say what is wrong with an output.

        A check that fails itself has found that nobody knows whether the output is good.

        Args:
            output: JSON.
            max_message_characters: longer messages are cut.
        """
        for place, value in values_at(self.path, output):
            kinds = kinds_of(value)
            if not kinds & self.check.looks_at:
                yield self._finding(place, _unfit(kinds, self.name, self.check), max_message_characters)
                continue
            try:
                for wrong in self.check.look(value):
                    yield self._finding((*place, *wrong.at), wrong.message, max_message_characters)
            except Exception as error:  # noqa: BLE001 - a user's own check may fail in any way.
                message = f"the check itself failed: {type(error).__name__}: {error}"
                yield self._finding(place, message, max_message_characters)

    def _finding(self, place: Place, message: str, max_characters: int) -> Finding:
        cut = message if len(message) <= max_characters else f"{message[: max_characters - 1]}…"
        return Finding(check=self.name, path=pointer_of(place), message=cut)


def read_check(asked: Mapping[str, Any], registry: Registry, shape: Shape = ANYTHING) -> AskedCheck:
    """Make a check of what asks for it.

    Args:
        asked: `check`, the name; `path`, where it looks; and the check's own arguments.
        registry: has the checks.
        shape: of the outputs.

    Raises:
        BadCheck: there is no such check, its path leads nowhere, or its arguments will not do; all of it is told.
    """
    faults, ready = _looked_over(asked, registry, shape)
    if ready is None:
        raise BadCheck(*faults)
    return ready


def faults_in(
    asked: Mapping[str, Any], registry: Registry, shape: Shape, *, later: Collection[str] = ()
) -> Iterator[CheckFault]:
    """Name all that is wrong with what asks for a check.

    Args:
        asked: as for `read_check`.
        registry: has the checks.
        shape: of the outputs.
        later: arguments that are not known yet.
    """
    faults, _ = _looked_over(asked, registry, shape)
    unknown = set(later) - {"check", "path"}
    yield from (fault for fault in faults if not fault.place or fault.place[0] not in unknown)


def _looked_over(
    asked: Mapping[str, Any], registry: Registry, shape: Shape
) -> tuple[list[CheckFault], AskedCheck | None]:
    """Give all that is wrong with what asks for a check, or the check."""
    faults: list[CheckFault] = []
    path: Path | None = None
    try:
        path = read_path(asked.get("path", ""))
    except BadPath as bad:
        faults.append(CheckFault(("path",), str(bad)))
    name, check = asked["check"], None
    try:
        kind = registry.named(name)
    except NoSuchExtension as error:
        return [*faults, CheckFault(("check",), str(error))], None
    try:
        check = kind.model_validate(_arguments(asked))
    except ValidationError as error:
        faults += (CheckFault(*each) for each in messages_of(error, kind))
    nowhere = None if path is None else _nowhere(path, name, kind, shape)
    if nowhere is not None:
        faults.append(CheckFault(("path",), nowhere))
    ready = None if faults or path is None or check is None else AskedCheck(name, path, check)
    return faults, ready


def _arguments(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in ("check", "path")}


def _nowhere(path: Path, name: str, check: type[Check], shape: Shape) -> str | None:
    """Say why a check would find nothing to look at in any output of a shape, or None if it may."""
    found = follow(shape, [0 if isinstance(part, Every) else part for part in path])
    if isinstance(found, NoSuchPath):
        return f"leads nowhere: {written(path[: found.at]) or 'the output'} {found.message}"
    kinds = found.kinds()
    return _unfit(kinds, name, check) if kinds and not kinds & check.looks_at else None


def _unfit(kinds: frozenset[str], name: str, check: type[Check] | Check) -> str:
    return f"is {' or '.join(sorted(kinds))}, and {name} looks at {' or '.join(sorted(check.looks_at))}"
