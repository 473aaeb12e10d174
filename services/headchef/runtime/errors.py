"""What can go wrong in a processor, and what is done about it.

HeadchefError
├── InvalidEvent          the record is at fault   → dead letter, and on with the next
├── TransientError        may pass                 → the same record again, after a pause
├── TooManyDeadLetters    so many records were at fault that something is broken → end, and what came before is kept
├── LogError              the log is at fault
│   ├── LogUnavailable    not reachable, may pass  → again, with a message
│   ├── LogRefused        wrong credentials, missing topic, no transactions, a clock far ahead → end, naming the cure
│   ├── MemberFenced      another live process has this member's id         → end
│   ├── CommitRefused     the group has moved on   → once more after the next join, or give the task up
│   ├── SendFailed        one record was not taken → abort, new producer, the same outputs again
│   ├── ProducerFenced    the task has another owner, or its transaction timed out → recover if still ours
│   ├── ProducerBroken    the producer is unusable → recover
│   └── OffsetLost        records expired unread   → end, naming the lost offsets
└── InvariantBroken       must not happen          → end, and nothing is committed
├── UnknownVersion    an internal event, or state, is newer than this program
├── PlaceUnknown      committed offsets have expired, or their finished map cannot be read
└── TopicMismatch     inputs with different partition counts, for longer than a change takes
"""

from headchef.runtime.log.port import Partition


class HeadchefError(Exception):
    """The root of all errors of this project."""


class InvalidEvent(HeadchefError):
    """A record that breaks its contract.

    Args:
        reason: machine-readable, such as `not_json`.
        field: dotted path of the field at fault, or None for the whole record.
        message: what is wrong, and what would be right.
    """

    def __init__(self, reason: str, field: str | None, message: str) -> None:
        super().__init__(f"{reason}: {field}: {message}" if field else f"{reason}: {message}")
        self.reason = reason
        self.field = field
        self.message = message


class TransientError(HeadchefError):
    """A fault outside that may pass; the handler is called again with the same record after a pause."""


class TooManyDeadLetters(HeadchefError):
    """A processor halts rather than send its whole input to the dead letters.

    Args:
        processor: which.
        record: the first one that was not consumed, as topic, partition and offset.
        reason: machine-readable, why it could not be taken.
        passed: which limit, in words that name the setting.
    """

    def __init__(self, processor: str, record: tuple[str, int, int], reason: str, passed: str) -> None:
        self.topic, self.partition, self.offset = record
        self.reason = reason
        super().__init__(
            f"{processor} halts before {self.topic}[{self.partition}] offset {self.offset} ({reason}):"
            f" {passed}. Mend or roll back this processor, or what wrote to that topic, and start again: the count then"
            " begins anew. If those records should be dead letters, raise the setting. `headchef dlq redrive` sends"
            " back what was written"
        )


class LogError(HeadchefError):
    """The log is at fault."""


class LogUnavailable(LogError):
    """The log cannot be reached just now."""


class LogRefused(LogError):
    """The log answered no, and would again; the message names the setting or the command that mends it."""


class MemberFenced(LogError):
    """Another live process has this member's id."""


class CommitRefused(LogError):
    """The group no longer takes this member's offsets."""


class SendFailed(LogError):
    """One record was not taken by the log."""


class ProducerFenced(LogError):
    """The task has another owner, or its transaction timed out."""


class ProducerBroken(LogError):
    """The producer is in a state that it cannot leave."""


class OffsetLost(LogError):
    """Records expired before they were read.

    Args:
        partition: where.
        wanted: the offset that was to be read next.
        earliest: the first offset that is still there; wanted to earliest - 1 are lost.
    """

    def __init__(self, partition: Partition, wanted: int, earliest: int) -> None:
        super().__init__(
            f"{partition.topic}[{partition.number}]: offsets {wanted} to {earliest - 1} expired before they were read;"
            " HEADCHEF_AFTER_LOSS=earliest writes that down in the dead letters and goes on with what is left"
            if wanted < earliest
            else f"{partition.topic}[{partition.number}]: offset {wanted} is past the end; the topic was made anew?"
        )
        self.partition = partition
        self.wanted = wanted
        self.earliest = earliest


class InvariantBroken(HeadchefError):
    """Something that must not happen; the process ends and nothing is committed."""


class UnknownVersion(InvariantBroken):
    """An internal event, or state, is newer than this program, by more than one release: upgrade this program."""


class PlaceUnknown(InvariantBroken):
    """Where a task stopped cannot be known: its offsets expired, or their finished map cannot be read."""


class TopicMismatch(InvariantBroken):
    """Inputs of one processor have different numbers of partitions."""
