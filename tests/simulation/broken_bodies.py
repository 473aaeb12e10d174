"""Ways to break what is promised of large bodies."""

from typing import Any

import pytest

from headchef.bodies import BodyUnusable, StoreAway, bodies, handling
from headchef.router.leading import records


def large_ones_stay(patch: pytest.MonkeyPatch) -> None:
    async def wrong(self: Any, event: Any) -> Any:
        return event

    patch.setattr(bodies.Bodies, "closed", wrong)


def of_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bodies, "tenant_of", lambda event: "default")


def named_before_they_lie_there(patch: pytest.MonkeyPatch) -> None:
    async def wrong(self: Any, delivery: Any, state: Any) -> Any:
        outcome = await self._handled(delivery, state)
        self._at_hand.taken_aside()
        return outcome

    patch.setattr(handling.WithBodiesAtHand, "handle", wrong)


def not_read_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(records.JobRecord, "with_input", lambda record, *_: record)
    patch.setattr(records.UnitRecord, "with_output", lambda record, *_: record)


def given_up_while_the_store_is_away(patch: pytest.MonkeyPatch) -> None:
    get = bodies.Bodies.get

    async def wrong(self: Any, tenant: str, reference: Any) -> Any:
        try:
            return await get(self, tenant, reference)
        except StoreAway as away:
            raise BodyUnusable("body_missing", str(away)) from away

    patch.setattr(bodies.Bodies, "get", wrong)
