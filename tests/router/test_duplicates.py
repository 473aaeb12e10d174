"""The same job twice, in all its forms, and jobs that lie elsewhere than at home."""

import orjson

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.placement import home_partition

from headchef.router.home import FORWARDED_FROM, FORWARDED_TIME, FORWARDED_TO
from headchef.runtime.log.port import Headers
from headchef.runtime.processor import DeadLetter, Emit, Forward, Outcome
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import NOON, PARTITIONS, make_job

HOME = home_partition("job-1", None, PARTITIONS)
ELSEWHERE = (HOME + 1) % PARTITIONS


def was_accepted(outcome: Outcome) -> bool:
    return len(outcome.changes) == 1


def was_dropped(outcome: Outcome) -> bool:
    return outcome.outputs == () and outcome.counted == ("headchef.jobs.duplicates",)


def is_conflict(outcome: Outcome) -> bool:
    event = outcome.outputs[1].event if isinstance(outcome.outputs[1], Emit) else None
    return isinstance(event, JobRefused) and event.reason == "job_id_conflict" and "raise `revision`" in event.message


async def test_the_same_content_is_dropped_whatever_the_order_of_its_keys(door: Door) -> None:
    job = make_job(labels={"a": "1", "b": "2"})
    turned = {**dict(reversed(job.items())), "labels": {"b": "2", "a": "1"}}
    assert was_accepted(await door.submit(job))
    assert was_dropped(await door.submit(job, offset=1))
    assert was_dropped(await door.submit(orjson.dumps(turned, option=orjson.OPT_INDENT_2), partition=HOME))


async def test_what_is_said_of_the_batch_as_a_whole_is_no_content(door: Door) -> None:
    assert was_accepted(await door.submit(make_job(batch_id="spring", batch_size=2)))
    again = make_job(batch_id="spring", batch_size=40, batch_max_reject_rate=0.1)
    assert was_dropped(await door.submit(again, offset=1))


async def test_other_content_under_a_used_id_is_refused(door: Door) -> None:
    assert was_accepted(await door.submit(make_job(prompt="one")))
    assert is_conflict(await door.submit(make_job(prompt="two")))
    assert was_dropped(await door.submit(make_job(prompt="one")))


async def test_a_raised_run_or_revision_is_another_job(door: Door) -> None:
    for run, revision in ((0, 0), (1, 0), (0, 1), (1, 1)):
        assert was_accepted(await door.submit(make_job(run=run, revision=revision)))
        assert was_dropped(await door.submit(make_job(run=run, revision=revision)))


async def test_tenants_neither_see_nor_disturb_each_other(door: Door) -> None:
    assert len((await door.submit(make_job("job-1", "hi", tenant="a"))).changes) == 1
    other = await door.submit(make_job("job-1", "bye", tenant="b"))
    assert len(other.changes) == 1, "a conflict would tell b that a uses this id"


async def test_a_duplicate_is_dropped_even_if_it_would_be_refused_today(door: Door) -> None:
    assert was_accepted(await door.submit(make_job(model="large")))
    today = Door(make_catalogue({"small": "default"}))
    today.state = door.state
    assert was_dropped(await today.submit(make_job(model="large")))


async def test_numbers_beyond_64_bits_are_told_apart(door: Door) -> None:
    def job(number: int) -> bytes:
        return b'{"job_id": "job-1", "prompt": "{{ input.n }}", "input": {"n": %d}}' % number

    assert was_accepted(await door.submit(job(10**30), partition=HOME))
    assert is_conflict(await door.submit(job(10**30 + 1), partition=HOME))


async def test_a_misplaced_job_is_sent_home_untouched(door: Door) -> None:
    outcome = await door.submit(make_job(), partition=ELSEWHERE, offset=5)
    [forward] = outcome.outputs
    assert isinstance(forward, Forward)
    assert forward.partition == HOME
    marks = {FORWARDED_TO: b"%d" % HOME, FORWARDED_FROM: b"%d/5" % ELSEWHERE}
    assert dict(forward.headers) == marks | {FORWARDED_TIME: b"%d" % (NOON.timestamp() * 1000)}
    assert outcome.changes == ()


async def test_a_conversation_has_one_home(door: Door) -> None:
    homes = {home_partition(f"job-{n}", None, PARTITIONS) for n in range(20)}
    assert len(homes) == PARTITIONS
    at_home = home_partition("", "talk", PARTITIONS)
    for n in range(20):
        assert was_accepted(await door.submit(make_job(f"job-{n}", conversation_id="talk"), partition=at_home))


async def test_a_forged_mark_does_not_give_a_job_a_second_home(door: Door) -> None:
    """Whoever can publish can write any header: a job sent to all partitions, each marked as its home, is one job."""
    taken = 0
    for partition in range(PARTITIONS):
        for mark in (b"%d" % partition, b"", b"\xff", b"no number"):
            headers: Headers = ((FORWARDED_TO, mark), (FORWARDED_FROM, b"0/1"))
            outcome = await door.submit(make_job(), partition=partition, headers=headers)
            if partition == HOME:
                taken += was_accepted(outcome)
            else:
                [forward] = outcome.outputs
                assert isinstance(forward, Forward)
                assert forward.partition == HOME
    assert taken == 1


async def test_two_clients_with_different_placement_make_one_job(door: Door) -> None:
    assert was_accepted(await door.submit(make_job(), partition=HOME))
    [forward] = (await door.submit(make_job(), partition=ELSEWHERE)).outputs
    assert isinstance(forward, Forward)
    assert was_dropped(await door.submit(make_job(), partition=forward.partition, headers=forward.headers))


async def test_a_misplaced_job_is_sent_home_before_it_is_validated(door: Door) -> None:
    outcome = await door.submit(make_job(model="none"), partition=ELSEWHERE)
    assert isinstance(outcome.outputs[0], Forward)


async def test_without_a_job_id_there_is_no_home(door: Door) -> None:
    outcome = await door.submit({"prompt": "hi"}, partition=ELSEWHERE)
    assert isinstance(outcome.outputs[0], DeadLetter)
