"""What jobs of one template cost by their records is what the provider bills, whatever it caches of their prompts."""

import pytest

from tests.bench.caching.spending import spend
from tests.bench.caching.ways import WAYS, Way

_MEASURED = {way.name: way for way in WAYS}


@pytest.mark.parametrize(
    "name", ["anthropic.marked", "anthropic.unmarked", "openai.static-first", "openai.slots-first"]
)
def test_recorded_input_costs_are_those_of_the_bill(kafka: str, name: str) -> None:
    way: Way = _MEASURED[name]
    recorded, billed = spend(kafka, way, jobs=80, executors=1)
    assert recorded == billed
    assert recorded.calls == 80
    if way.slots_first or name == "anthropic.unmarked":
        assert recorded.input_usd == recorded.uncached_usd
        assert recorded.read_tokens == 0
    else:
        assert recorded.input_usd < recorded.uncached_usd
        assert recorded.read_tokens > 0
    assert (recorded.written_tokens > 0) == way.marks
