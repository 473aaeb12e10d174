"""Counts one resource of a quota, such as requests a minute, for the tasks that share it and that this process owns.

A bucket that never gives out more than its share in any minute, wherever the provider's windows begin: what it can hold
is paid for by a lower rate, `rate = (share - capacity) / minute`. So the buckets of all processes together never give
out more than the quota, without a word between them. Pure: the time is an argument, in seconds that never run back.
"""

from math import inf

MINUTE_S = 60.0

RESERVE = 0.02
"""Part of a minute's share that a bucket holds. Less wastes what comes while no call is ready; more lowers the rate."""

SPARE = 0.01
"""Part of a minute's quota that is not counted upon: by the time a call arrives others may have taken it."""

SCARCE = 0.02
"""Part of a minute's quota below which, beyond the spare part, calls begin the slower, the less is said to be left."""

DISTRUST = 0.85
"""What a refusal leaves of the rate. It is won back at 3 % a minute, at the cost of a refusal in some hundred calls."""

LEAST_TRUST = 0.3
"""Part of the rate that is left however often calls are refused, so that it is won back soon after a bad hour."""

_REGAINED_A_SECOND = 0.03 / MINUTE_S
_SAME_REFUSAL_S = 2.0
"""Calls that were under way when the first was refused are refused for the same reason."""

_SOONER = 0.8
_REMEMBERED_S = 300.0
"""The largest call of this long, and of as long before it, decides what a bucket must hold."""


class Meter:
    """A bucket for some tasks' part of one resource. Without tasks, and for tasks just gained, it is empty.

    Args:
        a_minute: the whole quota.
        now_s: the time.
    """

    def __init__(self, a_minute: float, now_s: float) -> None:
        self._a_minute = a_minute
        self._tasks, self._of = 0, 1
        self._largest, self._largest_before = 1.0, 0.0
        self._remembered_s = now_s
        self._level = 0.0
        self._at_s = now_s
        self._left, self._left_s = a_minute, now_s
        self._anew_s: float | None = None
        self._trust, self._refused_s = 1.0, -inf

    @property
    def capacity(self) -> float:
        """Give what the bucket can hold: the reserve, or a call of the size that calls have; at most half the share."""
        return self._capacity_of(self._tasks)

    @property
    def rate(self) -> float:
        """Give what flows in, a second."""
        return self._trust * (self._share_of(self._tasks) - self.capacity) / MINUTE_S

    def level(self, now_s: float) -> float:
        """Give what is there; below 0 after a call that was larger than its estimate, or than half the share."""
        self._flow(now_s)
        return self._level

    def own(self, tasks: int, of: int, now_s: float) -> None:
        """Own other tasks. What the gained ones' buckets held may have been used in this minute: it is paid for again.

        Args:
            tasks: that are owned from now on.
            of: so many that share the quota. With fewer a task's share is larger, so that something is gained too.
            now_s: the time.
        """
        self._flow(now_s)
        held, before = self.capacity, self._tasks
        # Where fewer share the quota: in tasks as they were, so many buckets have been somebody else's until now.
        gained_held = (tasks * self._of / of - before) * self._capacity_of(1)
        self._tasks, self._of = tasks, of
        gained_held = max(gained_held, (tasks - before) * self._capacity_of(1))
        if gained_held > 0:
            self._level -= max(0.0, held + gained_held - self.capacity)
        self._level = min(self._level, self.capacity)

    def change(self, a_minute: float, now_s: float) -> None:
        """Keep another quota from now on. A smaller one's bucket holds less, so that some of what is there may go."""
        self._flow(now_s)
        self._a_minute = a_minute

    def wait_s(self, amount: float, now_s: float, kept: float = 0.0) -> float | None:
        """Give the seconds until a call may take so much: 0 for now, None where nothing is owned.

        A bucket that calls find too small grows, at the cost of its rate. A call that is larger than half the share may
        begin when that is there, and leaves a debt.

        Args:
            amount: that the call takes.
            now_s: the time.
            kept: part of the bucket's room beyond that call that must be there too, from 0 to 1.
        """
        self._flow(now_s)
        self._largest = max(self._largest, amount)
        if self._tasks == 0:
            return None
        needed = min(amount, self.capacity)
        return max(0.0, needed + kept * (self.capacity - needed) - self._level) / self.rate

    def take(self, amount: float, now_s: float) -> None:
        """Take some, or with a negative amount give some back."""
        self._flow(now_s)
        self._level = min(self._level - amount, self.capacity)

    def heed(self, left: float, full_in_s: float | None, now_s: float) -> None:
        """Heed what the provider says is left of the whole quota: so others who use the account are felt.

        While little is left the bucket fills more slowly, until there should be more again: all processes and whoever
        else uses the account then come to a balance, without a refusal.

        Args:
            left: now, of all processes together.
            full_in_s: seconds until all of it is there again; None where that is not said.
            now_s: the time.
        """
        self._flow(now_s)
        spare = max(0.0, left - SPARE * self._a_minute)
        self._level = min(self._level, spare * self._tasks / self._of)
        # With what others may have taken a call would still begin now and then, and be refused as often as not.
        self._left, self._left_s = spare, now_s
        missing_s = (self._a_minute - left) / self._a_minute * MINUTE_S
        # What is full sooner than it could fill up begins anew then, and does not fill until then.
        self._anew_s = full_in_s if full_in_s is not None and full_in_s < _SOONER * missing_s else None

    def refused(self, now_s: float) -> None:
        """Note that the provider has refused a call: nothing is left, and somebody else uses the account too."""
        self._flow(now_s)
        self._level = min(self._level, 0.0)
        if now_s - self._refused_s >= _SAME_REFUSAL_S:
            self._trust = max(LEAST_TRUST, self._trust * DISTRUST)
        self._refused_s = now_s

    def _share_of(self, tasks: int) -> float:
        return self._a_minute * tasks / self._of

    def _capacity_of(self, tasks: int) -> float:
        share = self._share_of(tasks)
        return min(max(RESERVE * share, self._largest, self._largest_before), share / 2)

    def _flow(self, now_s: float) -> None:
        if now_s - self._remembered_s >= _REMEMBERED_S:
            held = self.capacity
            self._remembered_s, self._largest, self._largest_before = now_s, 1.0, self._largest
            # A smaller bucket fills faster, also in the minute in which the larger one was emptied.
            self._level -= max(0.0, held - self.capacity)
        open_s = self._open_s(now_s) - self._open_s(self._at_s)
        self._trust = min(1.0, self._trust + (now_s - self._at_s) * _REGAINED_A_SECOND)
        self._level = min(self.capacity, self._level + open_s * self.rate)
        self._at_s = now_s

    def _open_s(self, now_s: float) -> float:
        """Give for how long the bucket has been filling since the provider last said what is left.

        It fills at `(left + refill · t) / scarce` of its rate until that is 1; this is the integral. With a provider
        that counts anew now and then it is `left / scarce` until then.
        """
        if self._anew_s is not None:
            part_s = min(now_s - self._left_s, self._anew_s)
            return min(1.0, self._left / (SCARCE * self._a_minute)) * part_s + now_s - self._left_s - part_s
        since_s, refill, scarce = now_s - self._left_s, self._a_minute / MINUTE_S, SCARCE * self._a_minute
        slow_s = max(0.0, (scarce - self._left) / refill)
        part_s = min(since_s, slow_s)
        return (self._left * part_s + refill * part_s**2 / 2) / scarce + since_s - part_s
