"""`headchef cache correct`: which answer of a job is meant, and what is said of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from headchef_contracts import registry, topics
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Inline
from headchef_contracts.events.corrections import AnswerCorrected, sha256_of
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.semantic import Asker, Nearest, SemanticQuestion
from headchef_contracts.events.steps import StepCompleted
from headchef_contracts.placement import partition_for

from headchef.cli.correcting.choosing import Said, correction
from headchef.cli.correcting.reading import Answers, answers_of
from headchef.cli.correcting.running import TOPIC, publish
from headchef.cli.faults import CommandFault, WorkFailed, WrongUsage
from headchef.runtime.log.port import Partition
from tests.cli.builders import SHA, START, make_completed, make_finished
from tests.cli.clusters import NAMESPACE, make_log, put_event

OTHER = "cd" * 32
SAID = Said("j1", "ana@desk")
NEAREST = Nearest(
    fingerprint=OTHER,
    source_job_id="j0",
    score=0.9,
    features=(1.0,),
    wrong=0.01,
    bound=2,
    choice="serve",
    embedder="hashed-1/512",
)


def completed(cache: CacheUse | None = None, *, text: str = "A bolt.", tenant: str = "default", **step: Any) -> Any:
    """Complete a step; of its job may be told the run and the revision."""
    event = make_completed()
    of_job: dict[str, Any] = {name: step.pop(name) for name in ("run", "revision") if name in step}
    job = event.step.job.model_copy(update={"tenant": tenant, **of_job})
    assert event.answer is not None
    answer = event.answer.model_copy(update={"output": Inline(inline=text)})
    changed = {"step": event.step.model_copy(update={"job": job, **step}), "answer": answer}
    return event.model_copy(update={**changed, "cache": cache or event.cache})


def corrected(*steps: StepCompleted, results: Sequence[JobFinished] = (), **said: Any) -> AnswerCorrected:
    return correction(Said(**{"job_id": "j1", "by": "ana@desk", **said}), Answers(steps, results), START)


def refused(*steps: StepCompleted, results: Sequence[JobFinished] = (), **said: Any) -> CommandFault:
    with pytest.raises(CommandFault) as fault:
        corrected(*steps, results=results, **said)
    return fault.value


def test_a_jobs_own_answer_is_named_by_its_fingerprint_and_text() -> None:
    step = completed()
    event = corrected(step, because="old", right={"title": "Nut"})
    assert (event.fingerprint, event.tenant, event.source_job_id) == (SHA, "default", "j1")
    assert (event.output_sha256, event.asker) == (sha256_of(step.answer), Asker(job_id="j1"))
    assert (event.because, event.right, event.by, event.at) == ("old", Inline(inline={"title": "Nut"}), SAID.by, START)
    assert event.semantic is None
    assert '"because"' not in corrected(step).model_dump_json(exclude_unset=True)


def test_an_answer_that_was_reused_is_that_of_the_job_that_paid() -> None:
    event = corrected(completed(CacheUse(kind="exact", source_job_id="j0")))
    assert (event.fingerprint, event.source_job_id, event.asker.job_id) == (SHA, "j0", "j1")


def test_an_answer_to_other_words_lies_where_it_was_first_asked() -> None:
    question = SemanticQuestion(scope=SHA, text="?", pool="p", max_wrong=0.02, mode="serve", explore=0.1)
    use = CacheUse(kind="semantic", source_job_id="j0", nearest=NEAREST)
    event = corrected(completed(use, semantic=question))
    assert (event.fingerprint, event.source_job_id, event.semantic) == (OTHER, "j0", question)


def test_of_several_plans_the_last_counts() -> None:
    repaired = completed(text="B", plan=1, fingerprint=OTHER)
    assert corrected(repaired, completed(text="A")).fingerprint == OTHER


@pytest.mark.parametrize("newer", [{"run": 1}, {"revision": 1}])
def test_of_several_runs_the_newest_counts(newer: dict[str, Any]) -> None:
    event = corrected(completed(text="B", **newer), completed(text="A"))
    assert event.output_sha256 == sha256_of(completed(text="B").answer)


def test_of_a_workflow_a_step_is_named_and_an_item_of_it() -> None:
    steps = [
        completed(step_id="facts", fingerprint=OTHER),
        completed(step_id="text", item="de"),
        completed(step_id="text", item="fr", fingerprint="ef" * 32),
    ]
    assert corrected(*steps, step="facts").fingerprint == OTHER
    event = corrected(*steps, step="text", item="fr")
    assert (event.fingerprint, event.asker.step_id, event.asker.item) == ("ef" * 32, "text", "fr")
    fault = refused(*steps, step="text")
    assert (fault.exit_code, fault.message) == (2, "the job has 2 answers: of text[de], text[fr]")
    assert refused(*steps).message == "the job has 3 answers: of facts, text[de], text[fr]"
    fault = refused(*steps, step="texts")
    assert (fault.message, fault.hint) == (
        "--step texts: the job has no such answer",
        "it has answers of facts, text[de], text[fr]",
    )


def test_tenants_may_have_jobs_of_one_name() -> None:
    ours, theirs = completed(), completed(tenant="theirs", fingerprint=OTHER)
    assert refused(ours, theirs).message == 'several tenants have a job "j1": default, theirs'
    assert corrected(ours, theirs, tenant="theirs").fingerprint == OTHER
    assert "no answer of a job" in refused(ours, tenant="nobody").message


def test_of_an_old_job_the_result_tells_where_its_answer_lies() -> None:
    event = corrected(results=[make_finished("j1", "A bolt.")])
    assert (event.fingerprint, event.output_sha256) == (make_finished().provenance.fingerprint, None)
    event = corrected(results=[make_finished("j1", "A bolt.", hit_of="j0")])
    assert event.source_job_id == "j0"


def test_of_an_old_workflow_the_answers_are_not_known() -> None:
    result = make_finished("j1", {})
    made = result.provenance.model_copy(update={"workflow": "texts@1"})
    fault = refused(results=[result.model_copy(update={"provenance": made})])
    assert fault.message == 'the answers of the steps of "j1" are not known any more, only its result'


def test_a_job_without_an_answer_has_none_that_could_be_wrong() -> None:
    fault = refused(results=[make_finished("j1", "?", status="rejected")])
    assert (fault.exit_code, fault.message) == (1, 'the job "j1" has no answer; it ended as "rejected"')
    assert isinstance(refused(), WorkFailed)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--because", Said("j1", "ana", because="x" * 501)),
        ("--by", Said("j1", "")),
        ("--by", Said("j1", "a\nb")),
        ("--item", Said("j1", "ana", item="de")),
    ],
)
def test_an_option_that_cannot_be_is_named(option: str, said: Said) -> None:
    with pytest.raises(WrongUsage, match=f"^{option}"):
        said.see()


async def test_what_is_known_of_a_job_is_read_from_the_log() -> None:
    log = make_log()
    for job_id in ("j1", "j2"):
        event = make_completed(job_id)
        await put_event(log, "steps.completed", event, job_id.encode())
        await put_event(log, "jobs.finished", make_finished(job_id, "text"), job_id.encode())
    seen: list[tuple[int, int]] = []
    known = await answers_of(
        log, NAMESPACE, "j1", max_records=100, progress=lambda done, total: seen.append((done, total))
    )
    assert [each.step.job.job_id for each in known.steps] == ["j1"]
    assert [each.job.job_id for each in known.results] == ["j1"]
    assert seen
    assert seen[-1][0] == seen[-1][1]


async def test_it_is_told_to_the_task_that_has_the_answer() -> None:
    log, event = make_log(), corrected(completed())
    await publish(log, NAMESPACE, event)
    name, number = topics.physical(NAMESPACE, TOPIC), partition_for(SHA.encode(), 4)
    reader = await log.reader("test")
    await reader.assign({Partition(name, number): 0})
    [record] = (await reader.poll([Partition(name, number)], max_records=9, timeout_s=1.0))[Partition(name, number)]
    assert registry.decode(AnswerCorrected.event_type, 1, record.value or b"") == event
    assert record.key == SHA.encode()
