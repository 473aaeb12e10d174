"""Ways to break how a task is fed: what has expired, or is only noted, must not be passed over."""

from collections.abc import Iterable, Sequence

import pytest

from headchef.runtime.expiry import Expired
from headchef.runtime.feed import Feed
from headchef.runtime.flows import Flows
from headchef.runtime.log.port import Partition, Record


def loss_passed_over(patch: pytest.MonkeyPatch) -> None:
    take = Feed.take

    def wrong(self: Feed, partition: Partition, records: Sequence[Record]) -> None:
        take(self, partition, [record for record in records if not isinstance(record, Expired)])
        self._watermarks[partition]._received = records[-1].offset + 1

    patch.setattr(Feed, "take", wrong)


def noted_records_forgotten(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Flows) -> dict[Partition, int]:
        return {}

    patch.setattr(Flows, "wanted", wrong)


def all_that_is_read_again_taken(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Flows, partition: Partition, start: int, end: int, records: Iterable[Record]) -> None:
        for record in records:
            name = self._naming(record)
            flow = self._flows.get(name)
            if flow is not None and partition in flow.noted:
                self._hold(name, flow, record)
                self._taken_up_to(record.offset, partition, flow, flow.noted[partition])

    patch.setattr(Flows, "refill", wrong)
