"""The processor as the host gets it: what it reads, and the stores that it keeps."""

import random

from headchef_contracts import topics

from headchef.accounts.__main__ import assemble
from headchef.runtime.processor import Input, Processor
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.manual_clock import ManualClock


class Always:
    async def wait(self) -> None:
        return


async def assembled() -> Processor:
    async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())) as processor:
        return processor


async def test_each_account_is_changed_by_one_event_after_the_other() -> None:
    processor = await assembled()
    assert (processor.name, processor.order) == ("accounts", "in_order")
    assert processor.inputs == (Input("reservations.asked"), Input("budgets.booked"), Input("cache.observed"))


async def test_all_stores_have_their_changelogs() -> None:
    kept = {store.name for store in (await assembled()).kept}
    assert {"tasks", *kept} == set(topics.STORES["accounts"])


async def test_holders_are_kept_for_ever_and_what_was_told_as_long_as_questions() -> None:
    told, holders, *_ = (await assembled()).stores
    assert (holders.name, holders.window_s) == ("holders", None)
    assert topics.topic("accounts.holders.changelog").cleanup_policy == "compact"
    assert told.window_s is not None
    assert told.window_s * 1000 == topics.topic("accounts.told.changelog").retention_ms
    assert topics.topic("accounts.told.changelog").retention_ms >= topics.topic("reservations.asked").retention_ms
