"""What the envelope makes of a record that is sent on."""

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.envelope import EVENT_ID_HEADER, Envelope, forwarded_id
from headchef.runtime.log.port import Headers, NewRecord, Record
from headchef.runtime.processor import Delivery, Emit, Forward, Input, Outcome, Processor, State
from headchef.runtime.telemetry.tracing import Hop
from tests.support.manual_clock import ManualClock

SOURCE = Input("jobs.submitted", raw=True)


class Nobody:
    """Handles nothing."""

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        raise AssertionError(delivery)


ENVELOPE = Envelope(
    namespace="n", processor=Processor("router", (SOURCE,), Nobody()), group="n.router", clock=ManualClock()
)


def sent_on(record: Record, partition: int) -> Record:
    """Forward a record, and give it as it then lies."""
    delivery = ENVELOPE.open(SOURCE, record, 4)
    marks: Headers = (("mark", b"%d" % partition),)
    [sealed] = ENVELOPE.seal(delivery, Outcome((Forward(partition, marks),)), Hop(delivery))
    assert isinstance(sealed, NewRecord)
    assert (sealed.key, sealed.value) == (record.key, record.value)
    assert sealed.partition == partition
    return Record(sealed.topic, partition, 7, sealed.timestamp_ms or 0, sealed.key, sealed.value, sealed.headers)


def test_a_record_that_is_sent_on_twice_is_marked_once() -> None:
    """Between routers that count different partitions it may go to and fro, and headers have a limit."""
    first = Record(
        "n.jobs.submitted.v1", 0, 5, 1, b"k", b"{}", (("theirs", b"1"), ("mark", b"forged"), ("theirs", b"2"))
    )
    once = sent_on(first, 1)
    twice = sent_on(once, 2)
    assert [name for name, _ in twice.headers] == ["theirs", "theirs", "mark", EVENT_ID_HEADER]
    assert dict(twice.headers)["mark"] == b"2"
    assert forwarded_id(once) != forwarded_id(twice)


def test_an_event_with_an_identity_has_one_id_whatever_led_to_it() -> None:
    def id_of(offset: int, identity: str | None) -> bytes | None:
        delivery = ENVELOPE.open(SOURCE, Record("n.jobs.submitted.v1", 0, offset, 1, b"k", b"{}", ()), 4)
        event = JobSubmitted(job_id="a", prompt=Inline(inline="hi"))
        [sealed] = ENVELOPE.seal(delivery, Outcome((Emit("jobs.submitted", event, identity=identity),)), Hop(delivery))
        return dict(sealed.headers)["ce_id"]

    assert id_of(1, None) != id_of(2, None)
    assert id_of(1, "a") == id_of(2, "a") != id_of(1, "b")


def test_whoever_publishes_a_result_publishes_it_under_the_same_id() -> None:
    delivery = ENVELOPE.open(SOURCE, Record("n.jobs.submitted.v1", 0, 5, 1, b"k", b"{}", ()), 4)
    event = JobSubmitted(job_id="a", prompt=Inline(inline="hi"))
    beside = Emit("jobs.submitted", event)

    def id_by(processor: str, *outputs: Emit) -> bytes | None:
        about = Processor(processor, (SOURCE,), Nobody())
        envelope = Envelope(namespace="n", processor=about, group="g", clock=ManualClock())
        return dict(envelope.seal(delivery, Outcome(outputs), Hop(delivery))[-1].headers)["ce_id"]

    result = Emit("jobs.refused", event, identity="a job")
    assert id_by("validator", result) == id_by("router", result) == id_by("router", beside, result)
    assert id_by("validator", beside) != id_by("router", beside)
