"""Ways to break what is promised of flows: that of what is only noted nothing is lost, or passed over."""

from collections.abc import Iterable

import pytest

from headchef.runtime.flows import Flows
from headchef.runtime.log.port import Partition, Record


def noted_records_forgotten(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Flows) -> dict[Partition, int]:
        return {}

    patch.setattr(Flows, "wanted", wrong)


def all_that_is_read_again_taken(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Flows, partition: Partition, start: int, records: Iterable[Record]) -> None:
        for record in records:
            name = self._naming(record)
            flow = self._flows.get(name)
            if flow is not None and partition in flow.noted:
                self._hold(name, flow, record)
                self._taken_up_to(record.offset, partition, flow, flow.noted[partition])

    patch.setattr(Flows, "refill", wrong)
