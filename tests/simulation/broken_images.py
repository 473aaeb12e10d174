"""Ways to break what is promised of images."""

from typing import Any

import pytest

from headchef_contracts.events.steps import Message, ModelRequest

from headchef.executor import handler
from headchef.router import asking, candidates


def images_no_part_of_what_is_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(asking, "_asked", lambda message: (message.role, message.content.inline))


def every_model_planned_for(patch: pytest.MonkeyPatch) -> None:
    for module in (candidates, asking):
        patch.setattr(module, "can_read", lambda *_, **__: True)


def left_out_on_the_way(patch: pytest.MonkeyPatch) -> None:
    ask = handler.ExecutorHandler._question

    async def wrong(self: Any, tenant: str, request: ModelRequest, model: Any) -> Any:
        bare = tuple(Message(role=each.role, content=each.content) for each in request.messages)
        return await ask(self, tenant, request.model_copy(update={"messages": bare}), model)

    patch.setattr(handler.ExecutorHandler, "_question", wrong)
