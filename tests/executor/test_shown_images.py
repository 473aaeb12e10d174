"""Steps that show images: shown to a model that takes them, and to no other."""

from headchef_contracts.events.common import Inline
from headchef_contracts.events.images import Image
from headchef_contracts.events.steps import Message, Step

from headchef.executor.provider import Turn
from tests.executor.fakes import answered, make_catalogue, make_model
from tests.executor.kitchen import Kitchen, reason
from tests.support.builders import make_step
from tests.support.images import at, inline


def showing(step: Step) -> Step:
    messages = (Message(role="user", content=Inline(inline="Say hi."), images=(at(), inline())),)
    return step.model_copy(update={"request": step.request.model_copy(update={"messages": messages})})


async def test_images_are_shown_to_a_model_that_takes_them() -> None:
    kitchen = Kitchen(answered(), catalogue=make_catalogue(make_model(takes_images=True)))
    _, completed = await kitchen.handle(showing(make_step()))
    (question,) = kitchen.provider.questions
    assert question.turns == [Turn("user", "Say hi.", (at(), inline()))]
    assert completed.answer is not None


async def test_an_image_that_is_given_otherwise_fails_the_step_without_a_call() -> None:
    step = showing(make_step())
    [message] = step.request.messages
    newer = message.model_copy(update={"images": (Image(media_type="image/png"),)})
    request = step.request.model_copy(update={"messages": (newer,)})
    kitchen = Kitchen(catalogue=make_catalogue(make_model(takes_images=True)))
    _, completed = await kitchen.handle(step.model_copy(update={"request": request}))
    assert reason(completed) == "provider_refused_request"
    assert kitchen.provider.asked == []


async def test_no_call_shows_images_to_a_model_that_takes_none() -> None:
    kitchen = Kitchen()
    attempts, completed = await kitchen.handle(showing(make_step()))
    assert (attempts, kitchen.provider.asked) == ([], [])
    assert reason(completed) == "unknown_model"
    assert completed.failure is not None
    assert completed.failure.message == "in catalogue v1 the model 'small' takes no images"
