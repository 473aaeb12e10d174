"""The command line as a person uses it, against all services on a real Kafka: submit, results, explain, dlq, Ctrl-C."""

import asyncio
import csv
import json
import signal
import threading
import uuid
from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from headchef_contracts.events.cache_use import REUSED
from headchef_contracts.topics import physical, topic

from headchef.runtime.log.kafka.admin import WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings
from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S

pytestmark = pytest.mark.timeout(600)

SCHEMA = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}

EXPECTED = ("Ready; Ctrl-C drains", "retention.ms is 60000, and the topic table says 604800000")
"""What `up` says when it is at work, on a cluster where one topic forgets too soon."""


async def make_forgetful(kafka: str, logical: str, namespace: str) -> None:
    """Make a topic of the table that keeps records for a minute only."""
    row = topic(logical)
    settings = row.configuration() | {"retention.ms": "60000"}
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        await admin.create([WantedTopic(physical(namespace, logical), row.partitions, 1, settings)])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> Iterator[Desk]:
    """A desk with `headchef up` at work, which must warn of a topic that forgets too soon, and drain in the end."""
    namespace = f"cli-{uuid.uuid4().hex[:8]}"
    asyncio.run(make_forgetful(kafka, "jobs.submitted", namespace))
    folder = tmp_path_factory.mktemp("desk")
    settings = {
        "HEADCHEF_KAFKA": kafka,
        "HEADCHEF_NAMESPACE": namespace,
        "HEADCHEF_CACHE_FOLDER": str(folder / "answers"),
    }
    desk = Desk(folder, settings)
    up = desk.start("up")
    assert up.stderr is not None
    said: list[str] = []
    # Who reads no more of it would let it stand still one day: a pipe holds 64 KB.
    rest = threading.Thread(target=said.extend, args=(up.stderr,))
    try:
        for line in up.stderr:
            said.append(line)
            if all(words in "".join(said) for words in EXPECTED):
                break
        else:
            pytest.fail("".join(said))
        rest.start()
        yield desk
        up.send_signal(signal.SIGINT)
        code = up.wait(PATIENCE_S)
        rest.join()
        assert code == 0, "".join(said)
        assert "Drained and ended." in "".join(said)
    finally:
        up.kill()
        up.communicate()


def asked(desk: Desk, prompt: str, job_id: str) -> str:
    """Ask, and give what the cache made of it."""
    sent = json.loads(desk.type("submit", "--prompt", prompt, "--job-id", job_id, "--wait", "--json"))
    return str(sent["results"][0]["cache"]["kind"])


def asked_until(kinds: Collection[str], desk: Desk, prompt: str, name: str) -> str:
    """Ask until the cache has made one of these of it, and give by which job."""
    return next(job_id for number in range(20) if asked(desk, prompt, job_id := f"{name}-{number}") in kinds)


def test_one_prompt_gets_its_answer(desk: Desk) -> None:
    sent = json.loads(desk.type("submit", "--prompt", "Name three uses of cork", "--wait", "--json"))
    assert sent["results"][0]["status"] == "ok"
    assert sent["results"][0]["job"]["job_id"] == sent["job_id"]


def test_a_table_becomes_a_table_of_results_and_a_rerun_is_safe(desk: Desk) -> None:
    (desk.folder / "rows.csv").write_text("sku,name\n" + "".join(f"s{number},Bolt {number}\n" for number in range(30)))
    (desk.folder / "schema.json").write_text(json.dumps(SCHEMA))
    command = (
        "submit", "rows.csv", "--prompt", "name: {{ input.name }}", "--schema", "schema.json", "--id-field", "sku",
        "--batch", "table", "--wait", "--json",
    )  # fmt: skip
    first, again = json.loads(desk.type(*command)), json.loads(desk.type(*command))
    assert first["acknowledged"] == again["acknowledged"] == 30
    assert {each["status"] for each in first["results"]} == {"ok"}
    desk.type("results", "--batch", "table", "--output", "out.csv")
    rows = list(csv.DictReader((desk.folder / "out.csv").read_text("utf-8-sig").splitlines()))
    assert sorted(row["job_id"] for row in rows) == sorted(f"s{number}" for number in range(30))
    assert all("[simulated]" in row["output.title"] for row in rows)


def test_a_job_is_explained_from_its_submission_to_its_end(desk: Desk) -> None:
    desk.type("submit", "--prompt", "{{ input.a }}!", "--input", '{"a": "Explain me"}', "--job-id", "e1", "--wait")
    told = json.loads(desk.type("explain", "e1", "--json"))
    types = [event["type"] for event in told["events"]]
    assert set(types) == {
        "headchef.job.submitted",
        "headchef.step.planned",
        "headchef.step.dispatched",
        "headchef.attempt.recorded",
        "headchef.step.completed",
        "headchef.cache.settled",
        "headchef.job.finished",
    }
    assert (types[0], told["status"]) == ("headchef.job.submitted", "ok")
    assert told["prompt"][-1]["content"] == "Explain me!"
    assert "finished: ok" in desk.type("explain", "e1")


def test_an_answer_that_was_found_wrong_is_asked_for_anew(desk: Desk) -> None:
    question = "When do you open?"
    assert asked(desk, question, "hours") == "miss"
    # On a busy machine the cache may not know in time that nothing was invalidated, and the model is asked again.
    reused = asked_until(["exact"], desk, question, "hours")
    told = json.loads(desk.type("cache", "correct", reused, "--because", "new hours", "--json"))
    assert (told["asker"]["job_id"], told["because"]) == (reused, "new hours")
    assert told["source_job_id"] != reused
    asked_until(["miss"], desk, question, "late-hours")
    # A model that says the same again makes it no better: who asks next asks a model too.
    assert not REUSED & {asked(desk, question, f"later-hours-{number}") for number in range(3)}


def test_what_the_cache_did_is_counted_and_explained(desk: Desk) -> None:
    assert asked(desk, "Name a bridge", "bridge") == "miss"
    reused = asked_until(["exact"], desk, "Name a bridge", "bridge")
    rows = [json.loads(line) for line in desk.type("cache", "stats", "--since", "1h", "--json").splitlines()]
    exact = next(row for row in rows if row["cache"] == "exact")
    assert exact["questions"] >= 1
    assert Decimal(exact["saved_usd"]) > 0
    assert sum(row["questions"] for row in rows[:-1]) == rows[-1]["questions"]
    assert "questions were answered by an earlier answer" in desk.type("cache", "stats")
    [question] = json.loads(desk.type("cache", "explain", reused, "--json"))["questions"]
    assert question["why"][0]["words"].startswith("the answer of job bridge")
    assert "nobody had asked the very same before" in desk.type("cache", "explain", "bridge")
    for words, said in (
        (("explain", "nobody"), 'no event of a job "nobody"'),
        (("simulate",), "no question that may be"),
    ):
        process = desk.start("cache", *words)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, said in err) == (1, True)


def test_a_job_that_was_too_late_is_run_again_without_its_deadline(desk: Desk) -> None:
    (desk.folder / "late.jsonl").write_text('{"job_id": "late", "prompt": "Hurry", "deadline": "2026-01-01T00:00:00Z"}')
    failed = json.loads(desk.type("submit", "late.jsonl", "--wait", "--json", code=1))
    assert failed["results"][0]["failure"]["reason"] == "deadline_exceeded"
    again = json.loads(desk.type("rerun", "late", "--wait", "--json"))
    assert (again["jobs"], again["passed_over"]) == ([{"job_id": "late", "run": 1}], [])
    assert [(each["status"], each["job"]["run"]) for each in again["results"]] == [("ok", 1)]
    process = desk.start("rerun", "late")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "the newest result of job late is ok" in err) == (1, True)


def test_what_was_spent_is_what_the_results_cost(desk: Desk) -> None:
    desk.type("submit", "--prompt", "Name a bird", "--job-id", "spent-1", "--wait")
    results = [json.loads(line) for line in desk.type("results", "--json").splitlines()]
    finished = [each for each in results if "status" in each]
    *rows, total = [
        json.loads(line) for line in desk.type("spend", "--by", "model", "--since", "1h", "--json").splitlines()
    ]
    assert [row["model"] for row in rows] == ["simulated"]
    assert Decimal(total["cost_usd"]) == sum(Decimal(each["cost_usd"]) for each in finished) > 0
    assert (total["accepted"], total["calls_of_unknown_cost"]) == (len([x for x in finished if x["status"] == "ok"]), 0)
    assert "per ok" in desk.type("spend")


def test_a_refused_job_lies_in_the_dead_letters_with_its_reason(desk: Desk) -> None:
    desk.type("submit", "--prompt", "x", "--model", "nonesuch", "--job-id", "bad", "--wait", code=1)
    listed = [json.loads(line) for line in desk.type("dlq", "list", "--json").splitlines()]
    letter = next(each for each in listed if each["key"] == "bad")
    assert (letter["reason"], letter["field"]) == ("unknown_model", "model")
    assert json.loads(desk.type("dlq", "show", letter["place"], "--raw"))["job_id"] == "bad"
    assert "nonesuch" in desk.type("dlq", "show", letter["place"])
    assert json.loads(desk.type("results", "--job", "bad", "--json"))["reason"] == "unknown_model"


def test_a_workflow_that_asks_a_tier_that_there_is_not_fails_and_names_it(desk: Desk) -> None:
    step = "{id: last, llm: {text: x, tier: nonesuch}}"
    text = f"workflow: w\nversion: 1\nsteps: [{step}]\nresult: {{from: '{{{{ steps.last }}}}'}}\n"
    (desk.folder / "w.yaml").write_text(text)
    process = desk.start("workflow", "run", "w.yaml")
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, err
    assert "last failed: refused: tier: the catalogue has no tier 'nonesuch'; it has none" in " ".join(err.split())


def test_a_case_asks_what_it_does_not_answer_itself(desk: Desk) -> None:
    desk.type("init", "guides")
    cases = desk.folder / "guides" / "city-guide.tests.yaml"
    asking = "{name: asks, input: {city: Galle, country: Sri Lanka, known_for: a fort}, expect: {most: {tokens: 5000}}}"
    cases.write_text(f"{cases.read_text()}  - {asking}\n")
    told = desk.type("workflow", "test", "guides/city-guide.yaml", "--junit", "guides.xml", "--json")
    *_, asked = map(json.loads, told.splitlines())
    assert (asked["case"], asked["verdict"], asked["status"]) == ("asks", "passed", "ok")
    assert asked["questions"] >= 4
    assert asked["tokens"] > 0 < Decimal(asked["cost_usd"])
    assert 'tests="4" failures="0"' in (desk.folder / "guides.xml").read_text()


def test_what_does_not_exist_is_said_not_to(desk: Desk) -> None:
    desk.type("explain", "nobody", code=1)
    desk.type("results", "--job", "nobody", code=1)


def test_the_topics_are_as_they_should_be_but_for_one(desk: Desk) -> None:
    assert json.loads(desk.type("topics", "create", "--json"))["created"] == []
    [different] = json.loads(desk.type("topics", "check", "--json", code=1))["differences"]
    assert (different["setting"], different["found"]) == ("retention.ms", "60000")


def test_following_ends_on_ctrl_c_with_the_place_to_go_on(desk: Desk) -> None:
    desk.type("submit", "--prompt", "Something to follow", "--wait")
    following = desk.start("results", "--follow", "--json")
    assert following.stdout is not None
    following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=PATIENCE_S)
    assert following.returncode == 0
    assert 'go on with --from "finished:' in err


def test_the_demo_runs_on_a_named_cluster_and_writes_its_page(desk: Desk) -> None:
    told = json.loads(desk.type("demo", "--jobs", "20", "--json"))
    assert sum(told["statuses"].values()) == 22
    assert told["hits"] >= 1
    page = Path(told["page"]).read_text()
    assert page.count("<article") == 22
    assert "Simulated texts." in page


def test_a_batch_is_waited_for_and_says_whether_all_is_well(desk: Desk) -> None:
    (desk.folder / "trees.csv").write_text("sku,name\n" + "".join(f"t{number},Tree {number}\n" for number in range(12)))
    sending = ("submit", "trees.csv", "--prompt", "About {{ input.name }}", "--id-field", "sku")
    desk.type(*sending, "--batch", "trees")
    told = json.loads(desk.type("batch", "wait", "trees", "--timeout", "100", "--json"))
    assert (told["finished"], told["ended"], told["batch_size"], told["counts"]["ok"]) == (True, 12, 12, 12)
    assert Decimal(told["cost_usd"]) > 0
    assert "finished" in desk.type("batch", "show", "trees")
    desk.type(*sending, "--batch", "bad-trees", "--id-prefix", "x-", "--model", "nonesuch")
    refused = json.loads(desk.type("batch", "wait", "bad-trees", "--timeout", "100", "--json", code=1))
    assert refused["counts"]["refused"] == 12


def test_a_batch_in_several_files_finishes_with_the_last(desk: Desk) -> None:
    for part in (1, 2):
        rows = "".join(f"p{part}-{number},Bush {number}\n" for number in range(3))
        (desk.folder / f"part-{part}.csv").write_text(f"sku,name\n{rows}")
    sending = ("--prompt", "On {{ input.name }}", "--id-field", "sku", "--batch", "bushes", "--batch-size", "6")
    desk.type("submit", "part-1.csv", *sending, "--wait")
    desk.type("batch", "wait", "bushes", "--timeout", "1", code=2)
    desk.type("submit", "part-2.csv", *sending)
    assert json.loads(desk.type("batch", "wait", "bushes", "--timeout", "100", "--json"))["counts"]["ok"] == 6


def test_a_batch_that_says_no_size_is_never_over_and_says_so(desk: Desk) -> None:
    desk.type("submit", "--prompt", "One tree", "--batch", "endless", "--wait")
    # Whoever counts it may be later than its result.
    wait = ("batch", "wait", "endless", "--timeout", "5", "--json")
    assert any(desk.type(*wait, code=2) for _ in range(20)), "none of its jobs was counted"
    shown = json.loads(desk.type("batch", "show", "endless", "--json"))
    assert (shown["finished"], shown["ended"], shown["batch_size"]) == (False, 1, None)
    desk.type("batch", "show", "endless", "--tenant", "acme", code=1)
