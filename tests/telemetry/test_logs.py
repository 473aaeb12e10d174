"""Log lines are JSON off a terminal, name the job at work, and never quote what a model was asked or said."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from pydantic import BaseModel, ValidationError

from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry.logs import Seldom, describe, start_logs
from headchef.runtime.telemetry.tracing import Tracer
from tests.telemetry.deliveries import PARENT, TRACE_ID, make_delivery, make_planned

log = logging.getLogger("headchef.test")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_job_step_trace_and_record() -> None:
    stream = StringIO()
    start_logs("INFO", stream)
    with Tracer().process(make_delivery(headers=(("traceparent", PARENT),), event=make_planned("job-7"))):
        log.info("took %d s", 3, extra={"lane": "default"})

    [line] = lines(stream)
    del line["time"]
    assert line == {
        "level": "info",
        "logger": "headchef.test",
        "message": "took 3 s",
        "job_id": "job-7",
        "step_id": "main",
        "trace_id": TRACE_ID,
        "topic": "steps.planned",
        "partition": 3,
        "offset": 42,
        "lane": "default",
    }


def test_a_record_that_is_not_decoded_is_named_by_its_key_and_a_line_outside_names_nothing() -> None:
    stream = StringIO()
    start_logs("INFO", stream)
    with Tracer().process(make_delivery(key=b"job-\xff")):
        log.warning("inside")
    log.warning("outside")

    inside, outside = lines(stream)
    assert inside["job_id"] == "job-\ufffd"
    assert set(outside) == {"time", "level", "logger", "message"}


def test_a_terminal_gets_a_plain_line() -> None:
    stream = Terminal()
    start_logs("INFO", stream)
    with Tracer().process(make_delivery(event=make_planned("job-7"))):
        log.info("done")
    assert "job_id=job-7" in stream.getvalue().replace("\n", " ")
    assert not stream.getvalue().startswith("{")


def test_an_error_of_validation_is_shown_without_its_input() -> None:
    class Shape(BaseModel):
        count: int

    prompt = "secret prompt"
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate({"count": prompt})
    try:
        raise RuntimeError("outer") from caught.value
    except RuntimeError as error:
        text = describe(error)
    assert "RuntimeError: outer" in text
    assert "count: Input should be a valid integer" in text
    assert prompt not in text


def test_an_exception_stays_one_line() -> None:
    stream = StringIO()
    start_logs("INFO", stream)
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("failed")
    [line] = lines(stream)
    assert "ValueError: bad" in str(line["exception"])


def test_a_library_that_repeats_itself_is_shown_once_in_a_while() -> None:
    def shown(name: str, at_s: float) -> bool:
        record = logging.LogRecord(name, logging.WARNING, "", 0, "no broker at %s", ("a",), None)
        record.created = at_s
        return seldom.filter(record)

    seldom = Seldom(30)
    assert [shown("aiokafka.conn", at_s) for at_s in (0, 1, 29, 30, 31)] == [True, False, False, True, False]
    assert shown("aiokafka.cluster", 1)
    assert shown("headchef.test", 0)
    assert shown("headchef.test", 0)


def test_the_kafka_client_is_quiet_below_warning_unless_asked() -> None:
    start_logs("INFO", StringIO())
    assert logging.getLogger("aiokafka.consumer").getEffectiveLevel() == logging.WARNING
    start_logs("DEBUG", StringIO())
    assert logging.getLogger("aiokafka.consumer").getEffectiveLevel() == logging.DEBUG


def test_a_level_that_does_not_exist_is_a_bad_setting() -> None:
    with pytest.raises(BadSettings, match=r"HEADCHEF_LOG_LEVEL: loud is none of DEBUG, INFO"):
        start_logs("loud", StringIO())
    start_logs("warning", StringIO())
    assert logging.getLogger().level == logging.WARNING
