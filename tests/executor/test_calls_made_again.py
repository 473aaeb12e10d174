"""A call that is made again for the same delivery is another one."""

from headchef.runtime.processor import Emit
from tests.executor.fakes import NoState, answered, deliver
from tests.executor.kitchen import Kitchen


async def test_a_call_made_again_for_the_same_delivery_is_no_repeat_of_the_first() -> None:
    kitchen = Kitchen(answered(), answered())
    (call, end), (other_call, other_end) = [
        (await kitchen.handler.handle(deliver(), NoState())).outputs for _ in range(2)
    ]
    assert isinstance(call, Emit)
    assert isinstance(other_call, Emit)
    assert None not in (call.identity, other_call.identity)
    assert call.identity != other_call.identity, "who drops repeats by their id would miss what the second call cost"
    assert isinstance(end, Emit)
    assert isinstance(other_end, Emit)
    assert end.identity is other_end.identity is None, "the step's end is the same event again"
