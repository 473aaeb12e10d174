"""What goes wrong in a world, and how often: each kind has a rate of its own, and a seed draws all of them."""

from dataclasses import dataclass, fields, replace
from random import Random

_QUIET_SHARE = 0.1
_ABSENT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates. A field's default is the highest that a seed draws; zero means that the fault never happens.

    Attributes:
        crashes: in 10,000 turns of the loop: the process whose turn it is dies, and is started again later.
        freezes: likewise; it stands still, often for longer than its session, and then goes on.
        stops: a minute: a process is stopped as by SIGTERM, and started again later.
        outages: a minute: the log is away for all, or one kind of its requests fails.
        slow_requests: share of requests to the log that take up to 0.3 s.
        lost_requests: share that never arrives.
        lost_answers: share whose answer is lost after the log has done what was asked.
        overdue_commits: share of commits that arrive after the transaction has timed out.
        refused_records: share of records that the log refuses alone, until a process has had one refused.
        clock_jumps: a minute: a process's wall clock moves, and is wrong by up to an hour.
        limited_calls: share of calls to the provider that get a 429, with or without Retry-After.
        failing_calls: share that gets a 5xx or a broken connection.
        late_answers: share whose answer is billed and comes after the caller's time-out.
        garbled_answers: share whose answer is billed and cut off, malformed or empty.
        billed_failures: share that is billed and then fails with a 5xx.
        provider_outages: a minute: the account of one lane cannot be reached for seconds.
        slow_store: share of the cache store's operations that take up to half a second.
        failing_store: share that fails.
        store_outages: a minute: the store is away for seconds.
        full_stores: a minute: the store takes nothing more for seconds, and still answers.
        spoiled_answers: share of looked-up JSON answers that break their schema.
        expired_records: a minute, in worlds where things expire: what an input holds is deleted, read or not.
        expired_places: a minute, there too: a group is down, and comes back when its places have expired.
        old_places: share of lookups that a group's coordinator answers with places from the past, as that of Kafka 4.1
            may after a restart; exactly once.
        withheld_answers: share of calls to the provider that are billed although the model declines to answer.
    """

    crashes: float = 15.0
    freezes: float = 9.0
    stops: float = 40.0
    outages: float = 20.0
    slow_requests: float = 0.05
    lost_requests: float = 0.01
    lost_answers: float = 0.01
    overdue_commits: float = 0.01
    refused_records: float = 0.02
    clock_jumps: float = 40.0
    limited_calls: float = 0.4
    failing_calls: float = 0.2
    late_answers: float = 0.1
    garbled_answers: float = 0.1
    billed_failures: float = 0.1
    provider_outages: float = 20.0
    slow_store: float = 0.2
    failing_store: float = 0.1
    store_outages: float = 20.0
    full_stores: float = 20.0
    spoiled_answers: float = 0.5
    expired_records: float = 60.0
    expired_places: float = 15.0
    old_places: float = 0.2
    withheld_answers: float = 0.2

    @property
    def lose_calls(self) -> bool:
        """Whether a process may lose an answer that it was given, so that the call is paid twice.

        A slow or lossy log is no reason, nor is a process that is stopped: outcomes are kept until they are written.
        """
        return any((self.crashes, self.freezes, self.outages, self.overdue_commits))

    @property
    def keep_news_away(self) -> bool:
        """Whether a process may be at work that cannot read what was said seconds ago, and does not know it."""
        return any((self.freezes, self.outages))

    @property
    def two_owners(self) -> bool:
        """Whether a process may go on with tasks that its group has given to another, until it is told or fenced."""
        return bool(self.freezes) or self.cut_off

    @property
    def cut_off(self) -> bool:
        """Whether a process that its group has given up may begin calls: one that stood still waits for its group."""
        return any((self.outages, self.slow_requests, self.lost_requests, self.lost_answers))


HIGHEST = Faults()
NONE = replace(HIGHEST, **{field.name: 0.0 for field in fields(Faults)})


def drawn(chance: Random) -> Faults:
    """Draw the faults of a world: a tenth have none; in the others each kind is absent from half, else at any rate."""
    if chance.random() < _QUIET_SHARE:
        return NONE
    rates = {field.name: getattr(HIGHEST, field.name) * chance.random() for field in fields(Faults)}
    return replace(NONE, **{name: rate for name, rate in rates.items() if chance.random() >= _ABSENT_SHARE})
