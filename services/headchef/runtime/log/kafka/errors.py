"""The one place where errors of aiokafka become ours; a test finds any that this table does not name.

The classes are aiokafka's; where its broker codes end, ours begin (`FencedInstanceId`). Whoever calls the driver
catches `DRIVER_ERRORS` and raises what `translated` gives.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

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

DRIVER_ERRORS: Final = (
    driver.KafkaError,
    driver.IllegalOperation,
    driver.ConsumerStoppedError,
    AssertionError,
    OSError,
    asyncio.TimeoutError,
)
"""All that calls into aiokafka raise: a dead producer fails its own assertions on states."""


class FencedInstanceId(driver.BrokerResponseError):
    """Another member has taken the static id; aiokafka has no name for this code of the broker."""

    errno = 82
    message = "FENCED_INSTANCE_ID"
    description = "another live process has this member's id"


# aiokafka looks codes up here, and would call this one UnknownError.
driver.kafka_errors.setdefault(FencedInstanceId.errno, FencedInstanceId)

_UNAVAILABLE = (
    driver.NoBrokersAvailable,
    driver.NodeNotReadyError,
    driver.KafkaProtocolError,
    driver.CorrelationIdError,
    driver.Cancelled,
    driver.TooManyInFlightRequests,
    driver.StaleMetadata,
    driver.MetadataEmptyBrokerList,
    driver.KafkaUnavailableError,
    driver.KafkaTimeoutError,
    driver.KafkaConnectionError,
    driver.QuotaViolationError,
    driver.ConsumerStoppedError,
    driver.LeaderNotAvailableError,
    driver.NotLeaderForPartitionError,
    driver.RequestTimedOutError,
    driver.BrokerNotAvailableError,
    driver.ReplicaNotAvailableError,
    driver.StaleControllerEpochError,
    driver.StaleLeaderEpochCodeError,
    driver.GroupLoadInProgressError,
    driver.GroupCoordinatorNotAvailableError,
    driver.NotCoordinatorForGroupError,
    driver.NotEnoughReplicasError,
    driver.NotEnoughReplicasAfterAppendError,
    driver.NotControllerError,
    driver.KafkaStorageError,
    driver.LogDirNotFound,
    driver.ListenerNotFound,
    driver.ReassignmentInProgress,
    driver.FetchSessionIdNotFound,
    driver.InvalidFetchSessionEpoch,
    driver.ConcurrentTransactions,
    driver.OperationNotAttempted,
    driver.CorruptRecordException,
    OSError,
    asyncio.TimeoutError,
)
_REFUSED = (
    driver.AuthenticationMethodNotSupported,
    driver.AuthenticationFailedError,
    driver.SaslAuthenticationFailed,
    driver.UnsupportedSaslMechanismError,
    driver.IllegalSaslStateError,
    driver.SecurityDisabled,
    driver.TopicAuthorizationFailedError,
    driver.GroupAuthorizationFailedError,
    driver.ClusterAuthorizationFailedError,
    driver.TransactionalIdAuthorizationFailed,
    driver.DelegationTokenAuthDisabled,
    driver.DelegationTokenNotFound,
    driver.DelegationTokenOwnerMismatch,
    driver.DelegationTokenRequestNotAllowed,
    driver.DelegationTokenAuthorizationFailed,
    driver.DelegationTokenExpired,
    driver.InvalidPrincipalType,
    driver.UnknownTopicOrPartitionError,
    driver.InvalidTopicError,
    driver.TopicAlreadyExistsError,
    driver.InvalidPartitionsError,
    driver.InvalidReplicationFactorError,
    driver.InvalidReplicationAssignmentError,
    driver.InvalidConfigurationError,
    driver.PolicyViolationError,
    driver.UnsupportedVersionError,
    driver.UnsupportedForMessageFormatError,
    driver.UnsupportedCodecError,
    driver.UnrecognizedBrokerVersion,
    driver.IncompatibleBrokerVersion,
    driver.KafkaConfigurationError,
    driver.IllegalArgumentError,
    driver.InvalidRequestError,
    driver.InvalidFetchRequestError,
    driver.InvalidRequiredAcksError,
    driver.InvalidSessionTimeoutError,
    driver.InconsistentGroupProtocolError,
    driver.InvalidGroupIdError,
    driver.NonEmptyGroup,
    driver.GroupIdNotFound,
    driver.InvalidTransactionTimeout,
    # Not the record's fault: taken for that, it would make dead letters of all that such a machine reads.
    driver.InvalidTimestampError,
    driver.RecordTooLargeError,
    # The reader names the lost offsets itself; elsewhere nobody asks for an offset.
    driver.OffsetOutOfRangeError,
    driver.NoOffsetForPartitionError,
)
_COMMIT_REFUSED = (
    driver.CommitFailedError,
    driver.IllegalGenerationError,
    driver.UnknownMemberIdError,
    driver.RebalanceInProgressError,
    driver.MemberIdRequired,
)
_SEND_FAILED = (
    driver.MessageSizeTooLargeError,
    driver.RecordListTooLargeError,
    # What newer brokers answer and aiokafka cannot name, such as INVALID_RECORD for a null key where keys are needed.
    driver.UnknownError,
)
_FENCED = (driver.ProducerFenced, driver.InvalidProducerEpoch, driver.TransactionCoordinatorFenced)
_BROKEN = (
    driver.OutOfOrderSequenceNumber,
    driver.DuplicateSequenceNumber,
    driver.InvalidTxnState,
    driver.InvalidProducerIdMapping,
    driver.UnknownProducerId,
    driver.ProducerClosed,
    driver.OffsetMetadataTooLargeError,
    driver.InvalidCommitOffsetSizeError,
    driver.IllegalStateError,
    driver.IllegalOperation,
    AssertionError,
)

MEANING: Final[Mapping[type[BaseException], type[LogError]]] = {
    **dict.fromkeys(_UNAVAILABLE, LogUnavailable),
    **dict.fromkeys(_REFUSED, LogRefused),
    **dict.fromkeys(_COMMIT_REFUSED, CommitRefused),
    **dict.fromkeys(_SEND_FAILED, SendFailed),
    **dict.fromkeys(_FENCED, ProducerFenced),
    **dict.fromkeys(_BROKEN, ProducerBroken),
    FencedInstanceId: MemberFenced,
}
"""What each error of the driver means. Its abstract classes are not here: `translated` looks at their cause."""

_NO_BROKER: Final = "Did we not perform bootstrap?"
"""What aiokafka asserts where the metadata are empty, as while a controller has given up the only broker."""

_BY_NAME: Final = {kind.__name__: kind for kind in MEANING}

_REMEDY: Final[Mapping[type[BaseException], str]] = {
    **dict.fromkeys(
        (driver.UnknownTopicOrPartitionError, driver.InvalidTopicError),
        "the topic does not exist: run `headchef topics create`",
    ),
    **dict.fromkeys(
        (
            driver.AuthenticationFailedError,
            driver.SaslAuthenticationFailed,
            driver.UnsupportedSaslMechanismError,
            driver.IllegalSaslStateError,
            driver.AuthenticationMethodNotSupported,
        ),
        "check HEADCHEF_KAFKA_SECURITY_PROTOCOL and HEADCHEF_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD",
    ),
    **dict.fromkeys(
        (
            driver.TopicAuthorizationFailedError,
            driver.GroupAuthorizationFailedError,
            driver.ClusterAuthorizationFailedError,
            driver.TransactionalIdAuthorizationFailed,
        ),
        "the Kafka user lacks the right: add an ACL for this prefix (HEADCHEF_NAMESPACE)",
    ),
    driver.InvalidTimestampError: "this machine's clock is over an hour ahead of the broker's: set it",
    driver.InvalidSessionTimeoutError: "HEADCHEF_SESSION_TIMEOUT_S is outside what the broker allows",
    driver.InvalidTransactionTimeout: "HEADCHEF_KAFKA_TRANSACTION_TIMEOUT_S is above what the broker allows",
    driver.InconsistentGroupProtocolError: "members that are not Headchef's, or of another kind, are in this group",
}


def translated(error: BaseException, doing: str, *, otherwise: type[LogError] = LogUnavailable) -> LogError:
    """Give our error for one of the driver's.

    Args:
        error: what the driver raised; a wrapper such as a bare `KafkaError` is judged by its cause.
        doing: what was being done, with topic, group or address, for the message.
        otherwise: what an error without a meaning of its own is here.

    Returns:
        An error of `runtime/errors.py`, to be raised from the given one.
    """
    if _NO_BROKER in str(error):
        return LogUnavailable(f"{doing}: the cluster names no broker just now")
    found = _found(error)
    meaning = otherwise if found is None else _meaning(found)
    remedy = next((_REMEDY[kind] for kind in (found or type(error)).__mro__ if kind in _REMEDY), None)
    told = str(error) or type(error).__name__
    return (meaning or otherwise)(f"{doing}: {told}" + (f" ({remedy})" if remedy else ""))


def _found(error: BaseException) -> type[BaseException] | None:
    """Find the class that the table knows: of the error, of what it wraps, or the one that its text names."""
    seen: BaseException | None = error
    while seen is not None:
        if _meaning(type(seen)) is not None:
            return type(seen)
        seen = seen.__cause__
    # The group's coordinator wraps as KafkaError(repr(cause)), without a cause.
    named = (_BY_NAME.get(name) for name in re.findall(r"(\w+)\(", str(error)))
    return next((kind for kind in named if kind is not None), None)


def _meaning(kind: type[BaseException]) -> type[LogError] | None:
    return next((MEANING[each] for each in kind.__mro__ if each in MEANING), None)
