"""The short form of `make chaos`: a few rounds, with one broker and the leader of three."""

import pytest

from tests.chaos.campaign import Campaign, run
from tests.support.nursery import nursery

RATE = 15.0


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "campaign",
    [
        pytest.param(Campaign("exactly_once", 1, 4, 0.25), id="exactly once"),
        pytest.param(Campaign("exactly_once", 3, 1, 1.0), id="the leader of three brokers"),
        pytest.param(Campaign("at_least_once", 1, 3, 0.25), id="at least once"),
    ],
)
def test_no_promise_is_broken(campaign: Campaign) -> None:
    with nursery():
        figures = run(campaign, seed=1, per_second=RATE)
    assert figures.broken(campaign.guarantee) == []
    assert figures.jobs > 0
