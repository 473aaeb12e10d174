"""How a job is told of whose first model failed: the way from candidate to candidate, also while it is under way."""

from rich.console import Console

from headchef_contracts.events.common import CacheMode
from headchef_contracts.events.steps import Step, StepDispatched, StepPlanned

from headchef.cli.history.describe import describe
from headchef.cli.history.explanation import as_json
from headchef.cli.history.gather import History, gather
from headchef.cli.history.view import view
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import make_finished
from tests.cli.clusters import make_log, put_event
from tests.cli.test_history import hop
from tests.support.builders import make_completed, make_decided, make_failed, make_rejected, make_step, make_tried

CACHE: CacheMode = "exact"
TRIED = (make_tried("small", "refusal"),)
FIRST = make_step(candidates=("large", "other"))
SECOND = make_step(model="large", lane="premium", candidates=("other",), tried=TRIED, plan=1)


def planned(step: Step) -> StepPlanned:
    return StepPlanned(step=step, decided=make_decided())


async def explained(log: MemoryLog) -> History:
    return await gather(log, namespace="headchef", job_id="job-1", max_records=1000, progress=lambda *_: None)


async def with_two_plans() -> MemoryLog:
    log = make_log(lanes=("default", "premium"))
    await put_event(log, "steps.planned", planned(FIRST), FIRST.fingerprint.encode())
    await put_event(log, "steps.completed", make_completed(step=FIRST), b"job-1")
    judged = make_failed(FIRST, TRIED[0])
    await put_event(log, "steps.judged", judged, b"job-1", FIRST.job.home_partition)
    await put_event(log, "steps.planned", planned(SECOND), SECOND.fingerprint.encode())
    return log


def test_each_hop_says_who_was_left_and_why() -> None:
    assert describe(hop("steps.judged", make_failed(FIRST, TRIED[0]), 1)) == (
        "handed back, as small failed for good (refusal): candidates are large, other"
    )
    words = describe(hop("steps.planned", planned(SECOND), 1))
    assert words.startswith("planned for large, plan 1, after small (refusal), fingerprint ")


def test_a_rejected_answer_is_told_with_what_is_wrong_and_what_follows() -> None:
    words = describe(hop("steps.judged", make_rejected(FIRST), 1))
    assert words == "handed back, as the answer of small was rejected: /title has 80 characters"
    again = make_step(tried=(make_tried("small", "rejected"),), plan=1, question=1, repairs=1)
    told = describe(hop("steps.planned", planned(again), 1))
    assert told.startswith("planned for small, plan 1, after small (rejected), which is shown its answer, fingerprint ")


async def test_the_plan_that_is_under_way_is_found_although_nothing_tells_its_fingerprint() -> None:
    found = await explained(await with_two_plans())
    assert [each.topic for each in found.hops].count("steps.planned") == 2
    assert found.skipped == {}


async def test_all_plans_of_a_finished_job_are_found() -> None:
    log = await with_two_plans()
    dispatched = StepDispatched(step=SECOND, cache=TRIED[0].cache, decided=make_decided())
    await put_event(log, "steps.dispatched.premium", dispatched, None, 1)
    await put_event(log, "steps.completed", make_completed(step=SECOND), b"job-1")
    await put_event(log, "jobs.finished", make_finished("job-1", "x", tried=TRIED), b"job-1")
    found = await explained(log)
    topics = [each.topic for each in found.hops]
    assert (topics.count("steps.planned"), topics.count("steps.completed")) == (2, 2)
    assert "steps.dispatched.premium" in topics
    told = as_json("job-1", found)
    assert [(each["model"], each["failure"]["reason"]) for each in told["tried"]] == [("small", "refusal")]


def test_the_verdict_names_the_model_that_answered_and_those_before() -> None:
    console = Console(width=200)
    with console.capture() as shown:
        console.print(view("job-1", History([hop("jobs.finished", make_finished("job-1", "x", tried=TRIED), 1)])))
    assert "model simulated · after small (refusal)" in shown.get()
