"""Which model stands for which event type and version, which are read and written, and the JSON in and out."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from pydantic import ValidationError

from headchef_contracts.errors import BrokenContract, ContractError, UnknownEventType, UnknownEventVersion
from headchef_contracts.events.batches import BatchCounted, BatchFinished
from headchef_contracts.events.bounds import BoundSet, CacheObserved
from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.budgets import (
    BudgetAnswered,
    BudgetAsked,
    BudgetRecalled,
    BudgetSettled,
    BudgetWarned,
)
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.calls import CallEnded, CallPlanned
from headchef_contracts.events.catalog import CatalogPublished
from headchef_contracts.events.common import Event, PublicEvent
from headchef_contracts.events.corrections import AnswerCorrected, AnswerWithdrawn
from headchef_contracts.events.fetches import FetchEnded, FetchPlanned
from headchef_contracts.events.invalidations import CacheInvalidated
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned
from headchef_contracts.events.reservations import ReservationAnswered, ReservationAsked, ReservationReleased
from headchef_contracts.events.retrievals import RetrievalEnded, RetrievalPlanned
from headchef_contracts.events.reviews import CommandRefused, ReviewAsked, ReviewClosed, ReviewDecided
from headchef_contracts.events.steps import (
    AttemptRecorded,
    StepCompleted,
    StepDispatched,
    StepJudged,
    StepPlanned,
)
from headchef_contracts.events.tenants import TenantSet
from headchef_contracts.events.workflows import WorkflowPublished
from headchef_contracts.faults import explain
from headchef_contracts.portability import refuse_unportable

__all__ = [
    "REGISTRY",
    "BrokenContract",
    "ContractError",
    "Registry",
    "UnknownEventType",
    "UnknownEventVersion",
    "Written",
    "decode",
    "encode",
    "write",
]

Upcaster = Callable[[Any], Event]
"""Makes an event of version n + 1 from one of version n."""

Downcaster = Callable[[Any], Event]
"""Makes an event of version n from one of version n + 1."""

_Reader = tuple[Callable[..., Event], tuple[Upcaster, ...], type[Event]]


class Written(NamedTuple):
    """An event as it goes out.

    Attributes:
        version: of the type's schema, for the record's headers; older than the event's while that is held back.
        data: UTF-8 JSON.
    """

    version: int
    data: bytes


class Registry:
    """The models of all published versions.

    A release that introduces a version reads it and holds it back: it still writes the version before, which the
    release before can read too. So any two neighbouring releases run side by side, in whatever order they are deployed.

    Args:
        models: each published version of each event, in any order.
        upcasters: by (type, version), what makes the next version from this one.
        in_full: events written with their defaults too, because people read them without our models.
        downcasters: by (type, version), what makes the version before from this one: the versions that are held back.

    Raises:
        ValueError: a version, an upcaster or a downcaster is missing, or one too many is there.
    """

    def __init__(
        self,
        models: Iterable[type[Event]],
        upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
        in_full: Iterable[type[Event]] = (),
        downcasters: Mapping[tuple[str, int], Downcaster] | None = None,
    ) -> None:
        self.upcasters: Mapping[tuple[str, int], Upcaster] = dict(upcasters or {})
        self.models: Mapping[tuple[str, int], type[Event]] = {(each.event_type, each.version): each for each in models}
        self.newest: Mapping[str, int] = _newest(self.models, self.upcasters)
        self.downcasters: Mapping[tuple[str, int], Downcaster] = dict(downcasters or {})
        _refuse_gaps(self.downcasters, self.newest)
        self._held_back = {self.models[key]: downcast for key, downcast in self.downcasters.items()}
        self._compact = {each: each not in frozenset(in_full) for each in self.models.values()}
        self._readers: dict[tuple[str, int], _Reader] = {
            (name, version): (
                model.__pydantic_validator__.validate_json,
                tuple(self.upcasters[name, each] for each in range(version, self.newest[name])),
                model,
            )
            for (name, version), model in self.models.items()
        }

    def encode(self, event: Event) -> bytes:
        """Give an event as JSON; where only our models read it, without the fields that were left at their defaults.

        Args:
            event: of a registered model.

        Returns:
            UTF-8 JSON; `decode` gives an equal event.

        Raises:
            UnknownEventType: the model is not in the registry.
        """
        model = type(event)
        compact = self._compact.get(model)
        if compact is None:
            raise UnknownEventType(f"{model.__name__} is not in the registry: add it to headchef_contracts.registry")
        return model.__pydantic_serializer__.to_json(event, by_alias=True, exclude_unset=compact)

    def write(self, event: Event) -> Written:
        """Give an event as it goes out: in the newest version that is not held back.

        Args:
            event: of a registered model.

        Returns:
            The version and the JSON; `decode` of both gives the event, as far as an older version can say it.

        Raises:
            UnknownEventType: the model is not in the registry.
        """
        while (downcast := self._held_back.get(type(event))) is not None:
            event = downcast(event)
        return Written(event.version, self.encode(event))

    def decode(self, event_type: str, version: int, data: bytes) -> Event:
        """Read an event and bring it to the newest version.

        Args:
            event_type: such as `headchef.job.submitted`.
            version: of the type's schema, from 1.
            data: the record's value, JSON.

        Returns:
            The event, as the type's newest model.

        Raises:
            UnknownEventType: no event has this type.
            UnknownEventVersion: this version of it is not known here.
            BrokenContract: the data breaks the contract; names the first field at fault.
        """
        reader = self._readers.get((event_type, version))
        if reader is None:
            self._refuse(event_type, version)
        validate, upcasters, model = reader
        if data[:1] == b"\0":
            message = "framed for a schema registry (it starts with a zero byte): publish plain JSON"
            raise BrokenContract(None, message, "schema_registry_framing")
        try:
            event = validate(data, strict=True, by_alias=True, by_name=False)
        except ValidationError as error:
            raise explain(error, model, data) from None
        if issubclass(model, PublicEvent):
            refuse_unportable(data)
        for upcast in upcasters:
            event = upcast(event)
        return event

    def _refuse(self, event_type: str, version: int) -> NoReturn:
        if event_type in self.newest:
            raise UnknownEventVersion(event_type, version, self.newest[event_type])
        near = get_close_matches(event_type, self.newest, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(self.newest)}"
        raise UnknownEventType(f"no event has the type {event_type!r}; {hint}")


def _newest(
    models: Mapping[tuple[str, int], type[Event]], upcasters: Mapping[tuple[str, int], Upcaster]
) -> dict[str, int]:
    newest: dict[str, int] = {}
    for name, version in sorted(models):
        if version != newest.get(name, 0) + 1:
            raise ValueError(f"{name}: version {version} is registered without version {version - 1}; keep old models")
        newest[name] = version
    needed = {(name, version) for name, version in models if version < newest[name]}
    for name, version in sorted(needed - set(upcasters)):
        raise ValueError(f"{name}: version {version} has no upcaster to version {version + 1}; register one")
    for name, version in sorted(set(upcasters) - needed):
        raise ValueError(f"{name}: the upcaster of version {version} leads to no registered version")
    return newest


def _refuse_gaps(downcasters: Mapping[tuple[str, int], Downcaster], newest: Mapping[str, int]) -> None:
    for name, version in sorted(downcasters):
        if not 1 < version <= newest.get(name, 0):
            raise ValueError(f"{name}: the downcaster of version {version} leads from or to no registered version")
        if version < newest[name] and (name, version + 1) not in downcasters:
            raise ValueError(f"{name}: version {version} is held back, but version {version + 1} is written")


REGISTRY = Registry(
    models=(
        JobSubmitted,
        JobRefused,
        JobFinished,
        StepPlanned,
        StepDispatched,
        StepCompleted,
        AttemptRecorded,
        StepJudged,
        CacheSettled,
        AnswerCorrected,
        AnswerWithdrawn,
        CacheObserved,
        BoundSet,
        JudgementAsked,
        JudgementPlanned,
        JudgementEnded,
        CacheInvalidated,
        CatalogPublished,
        BrakeSet,
        WorkflowPublished,
        CallPlanned,
        CallEnded,
        FetchPlanned,
        FetchEnded,
        RetrievalPlanned,
        RetrievalEnded,
        ReservationAsked,
        ReservationAnswered,
        ReservationReleased,
        BatchCounted,
        BatchFinished,
        ReviewAsked,
        ReviewDecided,
        ReviewClosed,
        CommandRefused,
        TenantSet,
        BudgetAsked,
        BudgetAnswered,
        BudgetRecalled,
        BudgetSettled,
        BudgetWarned,
    ),
    in_full=(JobRefused, JobFinished, BatchFinished, ReviewAsked, ReviewClosed, CommandRefused, BudgetWarned),
)
encode = REGISTRY.encode
write = REGISTRY.write
decode = REGISTRY.decode
