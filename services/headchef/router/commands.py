"""The door for commands: reads what people decide about jobs, and brings it to the task that owns the job."""

from collections.abc import Callable

from headchef_contracts.events.common import Inline
from headchef_contracts.events.reviews import ReviewDecided
from headchef_contracts.placement import home_partition

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
        message = 'references are not taken here: send the edited document itself, as {"inline": …}'
        raise Refused("unsupported_reference", "document", message)
    return command


def forward(record: Record, command: ReviewDecided, partitions: int, knows: Callable[[], bool]) -> Forward | None:
    """Say whether a command must be sent on first.

    One that does not say where its job belongs looks for it where the job was taken on when the topics had fewer
    partitions, the largest number first: the same way whoever sends it on, and it has an end.

    Args:
        record: as it lies.
        command: what it says.
        partitions: how many the topic has.
        knows: says whether the job is under way here.

    Raises:
        Refused: it names a home that there is not.
    """
    if command.home_partition is None:
        return None if knows() else _sent_on(record, command, partitions)
    if command.home_partition >= partitions:
        wrong = f"there is no partition {command.home_partition}; copy it from the review, or leave it out"
        raise Refused("invalid", "home_partition", wrong)
    return home.forward_to(record, command.home_partition)


def _sent_on(record: Record, command: ReviewDecided, partitions: int) -> Forward | None:
    homes = list(dict.fromkeys(_home_of(command, count) for count in range(partitions, 0, -1)))
    # Who says falsely that it was sent on already has it looked for in fewer places, and harms nobody else.
    begun = any(name == home.FORWARDED_FROM for name, _ in record.headers) and record.partition in homes
    if not begun and record.partition != homes[0]:
        return home.forward_to(record, homes[0])
    later = homes[homes.index(record.partition) + 1 :]
    return home.forward_to(record, later[0]) if later else None


def _home_of(command: ReviewDecided, partitions: int) -> int:
    return home_partition(command.job_id, command.conversation_id, partitions)
