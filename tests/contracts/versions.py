"""Events of the tests' own, in two versions, with an upcaster between them."""

from typing import ClassVar, Literal

from pydantic import Field

from headchef_contracts.events.common import Event
from headchef_contracts.registry import Registry


class DishServedV1(Event):
    """A dish was served."""

    event_type: ClassVar[str] = "test.dish.served"
    version: ClassVar[int] = 1

    name: str
    portions: int = Field(default=1, ge=1, le=10)
    kind: Literal["hot", "cold"] = "hot"


class DishServedV2(Event):
    """A dish was served; its name is translated."""

    event_type: ClassVar[str] = "test.dish.served"
    version: ClassVar[int] = 2

    names: dict[str, str]
    portions: int = 1


def to_v2(event: DishServedV1) -> DishServedV2:
    return DishServedV2(names={"en": event.name}, portions=event.portions)


def to_v1(event: DishServedV2) -> DishServedV1:
    return DishServedV1(name=event.names["en"], portions=event.portions)


ONE_VERSION = Registry([DishServedV1])
TWO_VERSIONS = Registry([DishServedV1, DishServedV2], {("test.dish.served", 1): to_v2})
HELD_BACK = Registry(
    [DishServedV1, DishServedV2], {("test.dish.served", 1): to_v2}, downcasters={("test.dish.served", 2): to_v1}
)
