"""What `headchef workflow apply` refuses before it publishes anything, and which of two publications holds."""

from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner, Result

from headchef_contracts.events.workflows import MAX_WORKFLOW_BYTES

from headchef.cli.__main__ import app
from headchef.cli.workflows.publishing import _published
from headchef.workflow import load
from headchef.workflow.published import TOPIC, publication
from tests.cli.clusters import NAMESPACE, make_log, put_event

AT = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
GOOD = """workflow: page
version: 1
steps: [{id: last, llm: {text: "About {{ input.name }}"}}]
result: {from: "{{ steps.last }}"}
"""


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["workflow", "apply", *words], prog_name="headchef")


def written(folder: Path, text: str, name: str = "page.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_what_cannot_be_led_is_not_published(tmp_path: Path) -> None:
    bad = GOOD.replace("steps.last", "steps.first").replace("workflow: page", "workflow: other")
    result = typed(written(tmp_path, GOOD, "good.yaml"), written(tmp_path, bad, "other.yaml"))
    assert result.exit_code == 2
    assert "nothing was published" in result.stderr
    assert "there is no step 'first'" in " ".join(result.stderr.split())


def test_two_files_that_claim_one_version_are_refused(tmp_path: Path) -> None:
    other = written(tmp_path, GOOD.replace("About", "Of"), "other.yaml")
    result = typed(written(tmp_path, GOOD), other)
    assert result.exit_code == 2
    assert f"{other}: page@1 is {tmp_path}/page.yaml too, with other content" in result.stderr


def test_too_large_a_workflow_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    steps = []
    for number in range(5):
        (tmp_path / f"prompts/p{number}.j2").write_text("{# version: 1 #}\n" + f"{number} " * (MAX_WORKFLOW_BYTES // 8))
        steps.append(f"{{id: s{number}, llm: {{prompt: prompts/p{number}.j2@1}}}}")
    wanted = " ".join(f"{{{{ steps.s{number} }}}}" for number in range(5))
    text = f'workflow: page\nversion: 1\nsteps: [{", ".join(steps)}]\nresult: {{from: "{wanted}"}}\n'
    result = typed(written(tmp_path, text))
    assert result.exit_code == 2
    assert "at most 1,000,000 can be published" in result.stderr


async def test_the_version_that_was_published_first_holds(tmp_path: Path) -> None:
    log = make_log()
    first, second = (
        publication(load(Path(written(tmp_path, text))), AT) for text in (GOOD, GOOD.replace("About", "Of"))
    )
    for event in (first, second):
        await put_event(log, TOPIC, event, event.entry.encode(), 0)
    assert await _published(log, NAMESPACE) == {"page@1": first}
