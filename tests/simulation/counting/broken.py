"""Ways to count batches wrongly, each of which must be noticed."""

from dataclasses import replace
from typing import Any

import pytest

from headchef.batches import __main__ as assembly
from headchef.batches import handler
from headchef.batches.account import Counted, read_member
from headchef.runtime.processor import Emit, Processor


def jobs_not_remembered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "read_member", lambda _: ())


def what_was_counted_for_taken_for_known(patch: pytest.MonkeyPatch) -> None:
    def wrong(value: bytes) -> Any:
        return tuple(each.model_copy(update={"change": 0}) for each in read_member(value))

    patch.setattr(handler, "read_member", wrong)


def stores_in_the_other_order(patch: pytest.MonkeyPatch) -> None:
    def wrong(**about: Any) -> Processor:
        made = Processor(**about)
        return replace(made, stores=made.stores[::-1])

    patch.setattr(assembly, "Processor", wrong)


def homes_as_many_as_partitions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler, "Emit", lambda topic, event, among=None: Emit(topic, event))


def first_result_stands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Counted, "rank", property(lambda _: (True, 0, 0)))
