"""Without a provider of traces the context goes on untouched, within W3C's limits, and costs next to nothing."""

import time
import timeit

import pytest

from headchef.runtime.log.port import Headers
from headchef.runtime.telemetry.tracing import Tracer, call, current_hop, trace_headers
from tests.telemetry.deliveries import PARENT, TRACE_ID, make_delivery

OTHERS: Headers = (("ce_id", b"1"), ("ce_type", b"t"), ("content-type", b"application/json"), ("own", b"\xff"))


def test_context_goes_on_untouched() -> None:
    context = (("traceparent", PARENT), ("tracestate", b"vendor=1"))
    hop = Tracer().process(make_delivery(headers=(*OTHERS, *context)))
    with hop:
        assert hop.headers("steps.completed") == context
    hop.sent()


def test_nothing_in_nothing_out() -> None:
    assert Tracer().process(make_delivery(headers=OTHERS)).headers("steps.completed") == ()


@pytest.mark.parametrize("header", [("traceparent", b"0" * 129), ("tracestate", b"x" * 513)])
def test_an_overlong_context_is_not_carried_through_the_system(header: tuple[str, bytes]) -> None:
    assert trace_headers((header,)) == ()


def test_the_current_hop_is_the_innermost_and_ends_with_its_block() -> None:
    outer, inner = Tracer().process(make_delivery()), Tracer().process(make_delivery())
    with outer:
        with inner:
            assert current_hop() is inner
        assert current_hop() is outer
    assert current_hop() is None


def test_the_trace_id_is_the_incoming_one() -> None:
    assert Tracer().process(make_delivery(headers=(("traceparent", PARENT),))).trace_id == TRACE_ID
    assert Tracer().process(make_delivery()).trace_id is None


def test_calls_are_silent_in_and_out_of_a_hop() -> None:
    with call("chat m", {}) as outside:
        outside.answered({"a": 1})
    with Tracer().process(make_delivery()), call("chat m", {}) as inside:
        inside.failed("timeout")


def test_a_hop_costs_a_few_microseconds() -> None:
    tracer = Tracer()
    delivery = make_delivery(headers=(*OTHERS, ("traceparent", PARENT)))

    def hop() -> None:
        with tracer.process(delivery) as one:
            one.headers("steps.completed")
        one.sent()

    runs = 5_000
    # Processor time: on a busy machine every run is interrupted.
    assert min(timeit.repeat(hop, timer=time.thread_time, number=runs, repeat=5)) / runs < 20e-6
