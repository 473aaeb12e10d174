"""The door for commands: reads what people decide about jobs, and brings it to the task that owns the job."""

from headchef_contracts.events.common import Inline
from headchef_contracts.events.reviews import ReviewDecided

from headchef.router import home
from headchef.router.refusal import Refused
from headchef.router.submission import Limits, held_against, read
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Forward

TOPIC = "jobs.commands"

MAX_COMMAND_BYTES = 4_000_000
"""Of a record with its key and headers: forwarding adds headers, and the topic takes 4 MiB."""


def command_of(record: Record, value: bytes, max_header_bytes: int) -> ReviewDecided:
    """Read a command.

    Args:
        record: as it lies.
        value: the record's value, which is not null.
        max_header_bytes: of its headers.

    Raises:
        Refused: it is no command; names the field.
    """
    submission = read(record, value, Limits(MAX_COMMAND_BYTES, max_header_bytes))
    command = held_against(ReviewDecided, submission, record.headers)
    if command.document is not None and not isinstance(command.document, Inline):
        message = "references to an object store are not supported yet: send it inline"
        raise Refused("unsupported_reference", "document", message)
    return command


def forward(record: Record, command: ReviewDecided, partitions: int) -> Forward | None:
    """Say whether a command must be sent to its job's home first.

    Args:
        record: as it lies.
        command: what it says.
        partitions: how many the topic has.

    Raises:
        Refused: it names a home that there is not.
    """
    if command.home_partition is None:
        return home.forward(record, command.job_id, command.conversation_id, partitions)
    if command.home_partition >= partitions:
        wrong = f"there is no partition {command.home_partition}; copy it from the review, or leave it out"
        raise Refused("invalid", "home_partition", wrong)
    return home.forward_to(record, command.home_partition)
