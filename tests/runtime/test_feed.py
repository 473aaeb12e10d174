"""What a task takes in of records that had finished before it came: their places are written all the same."""

from headchef.runtime.feed import Feed
from headchef.runtime.log.port import Partition, Record
from headchef.runtime.processor import Input
from headchef.runtime.queues import Queues
from headchef.runtime.watermark import Watermark

TOPIC = Partition("work", 0)


def record(offset: int) -> Record:
    return Record(*TOPIC, offset, 0, None, b"", ())


def passed_over(watermark: Watermark, *polls: list[int]) -> list[int]:
    """Give the offsets that are passed over when some records come, poll by poll."""
    inputs = {TOPIC.topic: Input("work", "interactive")}
    over: list[Record] = []
    feed = Feed(
        inputs=inputs,
        watermarks={TOPIC: watermark},
        queues=Queues(inputs, 100),
        capacity=100,
        busy=lambda _: 0,
        pass_over=over.append,
        fed=lambda: None,
    )
    for offsets in polls:
        feed.take(TOPIC, map(record, offsets))
    return [each.offset for each in over]


def test_a_place_that_moves_past_what_had_finished_is_written() -> None:
    assert passed_over(Watermark(5, 0b1), [6]) == [6]


def test_a_place_that_will_move_past_what_had_finished_is_written() -> None:
    """What is being written of 5 does not know that 6 has come, and that nothing else is between the two."""
    assert passed_over(Watermark(5, 0b1), [5], [6]) == [6]


def test_of_many_that_had_finished_the_last_is_enough() -> None:
    assert passed_over(Watermark(5, 0b111), [5, 6, 7, 8]) == [8]


def test_what_comes_new_is_not_passed_over() -> None:
    assert passed_over(Watermark(5), [5, 6], [8]) == []
