"""What is written in one transaction is measured in bytes, also where a character has several."""

from headchef_contracts.events.common import Inline

from headchef.cache.waiting.policy import PIECE_BYTES
from tests.cache.builders import make_planned, make_settled
from tests.cache.waiting.kept import KeptCache, completed


async def test_large_answers_are_given_a_few_at_a_time_whatever_they_are_written_in() -> None:
    cache = KeptCache()
    await cache.take(*(make_planned(job_id=name) for name in "abcd"))
    settled = make_settled(job_id="a")
    assert settled.answer is not None
    large = settled.answer.model_copy(update={"output": Inline(inline="車" * (PIECE_BYTES // 3))})
    [came] = await cache.take(settled.model_copy(update={"answer": large}))
    assert completed(came) == ["b"]
    assert completed(await cache.after(1.0)) == ["c", "d"]
