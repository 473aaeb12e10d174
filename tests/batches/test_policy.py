"""What a batch comes to is the same in any order, however often its jobs are told of, and it ends once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.batches import BatchCounted, BatchCounts, Reason
from headchef_contracts.events.common import Usage

from headchef.batches.account import Account, account_key, member_key, read_account, read_member, write_member
from headchef.batches.limit import Brake
from headchef.batches.policy import Taken, take
from tests.batches.builders import make_counted, newest
from tests.support.builders import NOON

WARM_UP = 20


@dataclass
class Book:
    """Both stores of the processor, written as it writes them."""

    accounts: dict[bytes, bytes] = field(default_factory=dict)
    members: dict[bytes, bytes] = field(default_factory=dict)
    finished: list[Account] = field(default_factory=list)

    def tell(self, news: BatchCounted) -> Taken:
        key = account_key(news.tenant, news.batch_id)
        member = member_key(key, news.job_id, news.record)
        stored, counted = self.accounts.get(key), self.members.get(member)
        taken = take(
            None if stored is None else read_account(stored),
            () if counted is None else read_member(counted),
            news,
            NOON,
            Brake(WARM_UP),
        )
        if taken.member is not None:
            self.members[member] = write_member(taken.member)
        self.accounts[key] = taken.account.written()
        if taken.finished:
            self.finished.append(taken.account)
        return taken

    def tell_all(self, told: Sequence[BatchCounted]) -> None:
        for news in told:
            self.tell(news)

    @property
    def account(self) -> Account:
        [stored] = self.accounts.values()
        return read_account(stored)


def summed(account: Account) -> tuple[dict[str, int], Decimal, int, int]:
    counts = {status: count for status, count in account.counts.model_dump().items() if count}
    return counts, account.cost_usd, account.unpriced, account.usage.input_tokens


def wanted(told: Sequence[BatchCounted]) -> tuple[dict[str, int], Decimal, int, int]:
    kept = newest(told).values()
    return (
        dict(Counter(each.status for each in kept)),
        sum((each.cost_usd or Decimal() for each in kept), Decimal()),
        sum(each.cost_usd is None for each in kept),
        sum(each.usage.input_tokens for each in kept),
    )


STATUSES = st.sampled_from(("ok", "rejected", "failed", "cancelled", "needs_review"))
COSTS = st.one_of(st.none(), st.decimals(min_value=0, max_value=1, places=4))


@st.composite
def jobs(draw: st.DrawFn, most: int = 6) -> list[BatchCounted]:
    """Draw what some jobs came to: each one or several runs and revisions, and refusals beside them."""
    told = []
    for number in range(draw(st.integers(1, most))):
        endings = draw(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=3))
        told += [
            make_counted(f"job-{number}", revision=rev, run=run, status=draw(STATUSES), cost_usd=draw(COSTS))
            for rev, run in sorted(endings)
        ]
        if draw(st.booleans()):
            told.append(make_counted(f"job-{number}", status="refused", cost_usd=Decimal()))
    return told


@st.composite
def repeated(draw: st.DrawFn) -> list[BatchCounted]:
    """Draw the same in any order, some of it several times."""
    told = draw(jobs())
    return draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=6))))


@given(repeated())
def test_an_open_batch_counts_each_job_once_by_its_newest_result(told: list[BatchCounted]) -> None:
    book = Book()
    book.tell_all(told)
    assert summed(book.account) == wanted(told)
    assert book.finished == []


@given(repeated(), st.data())
def test_a_batch_ends_once_when_as_many_jobs_as_it_has_came_to_something(
    told: list[BatchCounted], data: st.DataObject
) -> None:
    size = len({each.job_id for each in told})
    naming = data.draw(st.sets(st.sampled_from(range(len(told))), min_size=1))
    sized = [each.model_copy(update={"batch_size": size}) if at in naming else each for at, each in enumerate(told)]
    book = Book()
    book.tell_all(sized)
    seen = next(
        at
        for at in range(len(sized))
        if len({each.job_id for each in sized[: at + 1]}) == size and naming & set(range(at + 1))
    )
    [ended] = book.finished
    assert ended.size == ended.counts.total == size
    assert summed(ended) == wanted(sized[: seen + 1]), "no sooner and no later than all are there"
    assert summed(book.account) == summed(ended), "what comes afterwards changes nothing"


@given(jobs(), st.data())
def test_a_crash_between_the_stores_counts_nothing_twice_and_loses_nothing(
    told: list[BatchCounted], data: st.DataObject
) -> None:
    """At least once: what was told since some place comes again, with jobs that are ahead of their batch or not."""
    size = len({each.job_id for each in told})
    told = [each.model_copy(update={"batch_size": size}) for each in told]
    place = data.draw(st.integers(0, len(told)))
    book = Book()
    book.tell_all(told[:place])
    accounts, members = dict(book.accounts), dict(book.members)
    finished = len(book.finished)
    book.tell_all(told[place : data.draw(st.integers(place, len(told)))])
    members |= {key: value for key, value in book.members.items() if data.draw(st.booleans())}
    again = Book(accounts, members, book.finished[:finished])
    again.tell_all(told[place:])
    straight = Book()
    straight.tell_all(told)
    assert again.account == straight.account
    assert again.finished == straight.finished
    assert len(again.finished) == 1


def test_a_result_takes_the_place_of_a_refusal_and_never_the_reverse() -> None:
    for order in ((0, 1), (1, 0)):
        book = Book()
        told = (make_counted("a"), make_counted("a", run=1, status="refused", cost_usd=Decimal()))
        book.tell_all([told[at] for at in order])
        assert summed(book.account)[0] == {"ok": 1}


def test_an_account_that_was_set_back_never_falls_below_zero() -> None:
    """At least once: by a former owner of its task, which had stood still."""
    book = Book()
    book.tell(make_counted("a", status="failed"))
    book.tell(make_counted("b", cost_usd=None))
    [key] = book.accounts
    book.accounts[key] = book.account.model_copy(
        update={"counts": BatchCounts(ok=2), "unpriced": 0, "usage": Usage(), "cost_usd": Decimal()}
    ).written()
    book.tell(make_counted("a", run=1, cost_usd=Decimal("0.125")))
    book.tell(make_counted("b", run=1))
    assert summed(book.account) == ({"ok": 3}, Decimal("0.25"), 0, 0)


def test_the_largest_size_counts() -> None:
    book = Book()
    book.tell(make_counted("a", batch_size=3))
    book.tell(make_counted("b", batch_size=2))
    assert book.finished == []
    book.tell(make_counted("c"))
    assert [each.size for each in book.finished] == [3]


def test_the_smallest_share_counts() -> None:
    book = Book()
    book.tell(make_counted("a"))
    book.tell(make_counted("b", batch_max_reject_rate=0.5))
    book.tell(make_counted("c", batch_max_reject_rate=0.125))
    book.tell(make_counted("d", batch_max_reject_rate=0.25))
    book.tell(make_counted("e"))
    assert book.account.max_reject_rate == 0.125


def test_a_job_that_is_told_of_again_is_no_more_evidence() -> None:
    book = Book()
    news = make_counted("a", status="rejected", reasons=(Reason(check="chars", message="has 9"),))
    book.tell_all([news, news, news])
    assert (book.account.window.answers, [each.jobs for each in book.account.reasons]) == (1, [1])
    book.tell(news.model_copy(update={"run": 1}))
    assert (book.account.window.answers, book.account.counts.rejected) == (2, 1)


def test_the_last_job_of_a_batch_finishes_it_and_pauses_nothing() -> None:
    book = Book()
    told = {"status": "rejected", "batch_size": WARM_UP, "batch_max_reject_rate": 0.1}
    taken = [book.tell(make_counted(f"job-{number}", **told)) for number in range(WARM_UP)]
    assert (taken[-1].finished, [each.pause for each in taken]) == (True, [False] * WARM_UP)
    assert book.account.window.bad == WARM_UP, "it was about to"


def test_an_older_run_that_comes_late_can_still_say_how_many_there_are() -> None:
    book = Book()
    book.tell(make_counted("a", run=1))
    assert book.tell(make_counted("a", run=0, batch_size=1, status="failed")).finished
    assert book.account.counts.ok == 1


def test_what_comes_after_the_end_is_late_unless_it_was_counted() -> None:
    book = Book()
    book.tell(make_counted("a", batch_size=1))
    assert not book.tell(make_counted("a", batch_size=1)).late
    assert book.tell(make_counted("b", batch_size=2)).late
    assert len(book.finished) == 1


def test_tenants_with_the_same_batch_id_have_a_batch_each() -> None:
    book = Book()
    book.tell(make_counted("a", tenant="acme", batch_size=2))
    book.tell(make_counted("a", tenant="globex", batch_size=2))
    assert book.finished == []
    book.tell(make_counted("b", tenant="globex"))
    assert [each.tenant for each in book.finished] == ["globex"]


def test_when_it_began_and_ended_is_that_of_its_jobs() -> None:
    book, later = Book(), NOON + timedelta(hours=1)
    book.tell(make_counted("a", submitted_at=later, ended_at=later + timedelta(seconds=1)))
    book.tell(make_counted("b"))
    assert (book.account.began_at, book.account.ended_at) == (NOON, later + timedelta(seconds=1))
