"""Which dead letters a user means: one place, those that fit a filter, or all."""

from collections.abc import Sequence
from dataclasses import dataclass

from headchef.cli.faults import WrongUsage
from headchef.cli.history.reading import JobFilter
from headchef.cli.letters.letter import Letter
from headchef.cli.letters.reading import letter_topics, split_place
from headchef.cli.times import moment_ms


@dataclass(frozen=True, slots=True)
class Choice:
    """The options that choose letters; None for what was not given.

    Attributes:
        place: one letter, as `topic:partition:offset`.
        topic: logical name of the source or of its dead letters.
        reason: machine-readable, such as `unknown_model`.
        field: dotted path of the field at fault.
        job_id: of the job that the record belongs to.
        since: the letter was written at or after this time, in ISO 8601.
        until: the letter was written before this time.
        all_letters: whether all are meant.
    """

    place: str | None = None
    topic: str | None = None
    reason: str | None = None
    field: str | None = None
    job_id: str | None = None
    since: str | None = None
    until: str | None = None
    all_letters: bool = False

    def check(self) -> None:
        """See that exactly one way of choosing is used.

        Raises:
            WrongUsage: none is, or two are; or a place, topic or time is none.
        """
        filters = (self.topic, self.reason, self.field, self.job_id, self.since, self.until)
        ways = [self.place is not None, any(each is not None for each in filters), self.all_letters]
        if sum(ways) != 1:
            raise WrongUsage(
                "more than one choice is made" if any(ways) else "no dead letter is chosen",
                "give one PLACE, or a filter such as --topic or --reason, or --all",
            )
        if self.place is not None:
            split_place(self.place)
        if self.topic is not None:
            self.names(())
        self._bounds_ms()

    def names(self, lanes: Sequence[str], entries: Sequence[str] = ()) -> list[str]:
        """Give the logical names of the dead-letter topics that are read.

        Raises:
            WrongUsage: the topic has no dead letters.
        """
        return letter_topics(lanes, entries) if self.topic is None else [split_place(f"{self.topic}:0:0")[0]]

    def chosen(self, letters: Sequence[Letter]) -> list[Letter]:
        """Pick the letters that fit, in the order in which they were written."""
        since_ms, until_ms = self._bounds_ms()
        job = None if self.job_id is None else JobFilter(self.job_id)
        fitting = [
            letter
            for letter in letters
            if self.reason in (None, letter.reason)
            and self.field in (None, letter.field)
            and since_ms <= letter.record.timestamp_ms < until_ms
            and (job is None or job.read(letter.topic, letter.record) is not None)
        ]
        return sorted(fitting, key=lambda it: (it.record.timestamp_ms, it.topic, it.record.partition, it.record.offset))

    def _bounds_ms(self) -> tuple[float, float]:
        since = float("-inf") if self.since is None else moment_ms("--since", self.since)
        return since, float("inf") if self.until is None else moment_ms("--until", self.until)
