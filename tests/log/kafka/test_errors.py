"""The table of the driver's errors: complete, and right where wrappers hide the cause."""

import inspect

import pytest
from aiokafka import errors as driver

from headchef.runtime.errors import (
    CommitRefused,
    LogError,
    LogRefused,
    LogUnavailable,
    MemberFenced,
    ProducerBroken,
    ProducerFenced,
    SendFailed,
)
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, MEANING, FencedInstanceId, translated

ABSTRACT = {driver.KafkaError, driver.BrokerResponseError, driver.NoError}
"""Raised only around another error, or never."""


def errors_of_the_driver() -> list[type[Exception]]:
    found = (each for _, each in inspect.getmembers(driver, inspect.isclass) if issubclass(each, Exception))
    return sorted(set(found) - ABSTRACT, key=lambda each: each.__name__)


@pytest.mark.parametrize("kind", errors_of_the_driver(), ids=lambda each: each.__name__)
def test_no_error_of_the_driver_is_unmapped(kind: type[Exception]) -> None:
    assert kind in MEANING, f"aiokafka has a new error: give {kind.__name__} a meaning in log/kafka/errors.py"
    assert issubclass(kind, DRIVER_ERRORS)


def test_every_code_that_the_driver_knows_is_mapped() -> None:
    assert {each for each in driver.kafka_errors.values() if each not in MEANING} <= ABSTRACT


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (driver.NotLeaderForPartitionError(), LogUnavailable),
        (ConnectionRefusedError(111, "refused"), LogUnavailable),
        (TimeoutError(), LogUnavailable),
        (driver.TopicAuthorizationFailedError("t"), LogRefused),
        (driver.CommitFailedError("moved on"), CommitRefused),
        (driver.MessageSizeTooLargeError(), SendFailed),
        (driver.ProducerFenced(), ProducerFenced),
        (driver.InvalidProducerEpoch(), ProducerFenced),
        (driver.OutOfOrderSequenceNumber(), ProducerBroken),
        (AssertionError("Invalid state transition FATAL_ERROR -> IN_TRANSACTION"), ProducerBroken),
        (driver.IllegalOperation("not in a transaction"), ProducerBroken),
        (FencedInstanceId(), MemberFenced),
    ],
)
def test_what_an_error_means(error: Exception, meaning: type[LogError]) -> None:
    assert type(translated(error, "doing")) is meaning


def test_a_wrapper_is_judged_by_its_cause() -> None:
    wrapper = driver.KafkaError("Unexpected error during batch delivery")
    wrapper.__cause__ = driver.ProducerFenced()
    assert isinstance(translated(wrapper, "commit"), ProducerFenced)


def test_a_wrapper_without_a_cause_is_judged_by_the_error_that_its_text_names() -> None:
    told = driver.KafkaError(f"Unexpected exception in heartbeat task: {FencedInstanceId()!r}")
    assert isinstance(translated(told, "group"), MemberFenced)


def test_a_cluster_that_names_no_broker_is_away_and_nothing_is_broken() -> None:
    told = AssertionError("Did we not perform bootstrap?")
    assert isinstance(translated(told, "producer", otherwise=ProducerBroken), LogUnavailable)


def test_an_error_without_a_meaning_is_what_the_caller_says() -> None:
    assert isinstance(translated(driver.KafkaError("?"), "commit", otherwise=ProducerBroken), ProducerBroken)


def test_the_brokers_code_for_a_taken_place_has_a_name() -> None:
    assert driver.for_code(82) is FencedInstanceId


def test_a_refusal_says_what_was_being_done_and_what_would_mend_it() -> None:
    said = str(translated(driver.UnknownTopicOrPartitionError(), "headchef.jobs.submitted.v1[0]"))
    assert said.startswith("headchef.jobs.submitted.v1[0]: ")
    assert "headchef topics create" in said
