"""Images on the command line: what `submit` takes for one job, what it says of others, and how they are shown."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Message

from headchef.cli.__main__ import app
from headchef.cli.history.describe import describe
from headchef.cli.history.explanation import messages
from headchef.cli.history.gather import History
from headchef.cli.history.hop import Hop
from headchef.cli.history.view import view
from headchef.cli.submission.images import image_of
from headchef.cli.submission.rendering import rendered
from tests.cli.builders import make_job, make_planned
from tests.support.images import ADDRESS, BEGINNINGS, at, inline, png, written


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cork.png").write_bytes(png())
    Path("cork.JPEG").write_bytes(BEGINNINGS["image/jpeg"])
    Path("cork.gif").write_bytes(BEGINNINGS["image/gif"])
    Path("false.webp").write_bytes(png())
    Path("large.png").write_bytes(png() + bytes(700_000))
    Path("rows.csv").write_text(f"sku,photo\nb-100,{ADDRESS}\n")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["submit", *arguments, "--dry-run"])


def test_a_file_goes_with_the_job_and_an_address_as_it_stands() -> None:
    assert image_of("cork.png") == {"media_type": "image/png", "base64": written(png())}
    assert image_of("cork.JPEG")["media_type"] == "image/jpeg"
    assert image_of(f"{ADDRESS}?v=2") == {"media_type": "image/png", "url": f"{ADDRESS}?v=2"}
    told = run("--prompt", "What is it?", "--image", "cork.png", "--image", ADDRESS)
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--prompt", "x", "--image", "cork.gif"), "does not end in .png, .jpg, .jpeg, .webp"),
        (("--prompt", "x", "--image", "gone.png"), '"gone.png" cannot be read: No such file'),
        (("--prompt", "x", "--image", "large.png"), "at most 700,000 fit into a job"),
        (("--prompt", "x", "--image", "false.webp"), "it holds an image of the type image/png"),
        (("--prompt", "x", "--image", "http://www.example.com/a.png"), "must begin with https://"),
        (("--prompt", "x", "--image", "https://[x/a.png"), "must be an address such as"),
        (("--prompt", "x", "--image", "https://www.example.com/a"), "in a whole job media_type says it"),
        (("--prompt", "x", "--image-field", "photo"), "name columns of a file"),
        (("rows.csv", "--prompt", "x", "--image", "cork.png"), "--image is for one job"),
        (("rows.csv", "--prompt", "x", "--image-field", "foto"), '--image-field: there is no column "foto"'),
    ],
)
def test_what_is_no_image_is_named_and_nothing_is_sent(arguments: tuple[str, ...], part: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert part in " ".join(told.output.split())


def test_rows_take_their_images_from_a_column() -> None:
    told = run("rows.csv", "--prompt", "About {{ input.sku }}.", "--image-field", "photo", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["jobs"] == 1


def test_what_prompts_share_ends_before_the_first_image() -> None:
    job = JobSubmitted.model_validate(
        {"job_id": "j", "prompt": "a{{ input.b }}", "input": {"b": 1}, "system": "Be brief."}
    )
    assert rendered(job).static_characters == 10
    image = {"media_type": "image/png", "url": ADDRESS}
    shown = JobSubmitted.model_validate({**job.model_dump(by_alias=True), "images": [image]})
    assert rendered(shown).static_characters == 9


def test_the_story_of_a_job_tells_of_its_images() -> None:
    planned = make_planned("j1", ("jobs.submitted", 0, 0))
    message = Message(role="user", content=Inline(inline="What is it?"), images=(at(), inline()))
    request = planned.step.request.model_copy(update={"messages": (message,)})
    planned = planned.model_copy(update={"step": planned.step.model_copy(update={"request": request})})
    history = History([Hop("steps.planned", 0, 0, 1, planned.event_type, "e", planned, None, b"{}")])
    said = {"role": "user", "images": [ADDRESS, f"(image/png, {len(png())} bytes)"], "content": "What is it?"}
    assert messages(history) == [said]
    console = Console(width=200, record=True, file=None)
    with console.capture() as shown:
        console.print(view("j1", history))
    assert f"[image {ADDRESS}]" in shown.get()
    submitted = JobSubmitted.model_validate(
        {"job_id": "j", "prompt": "a", "images": [{"media_type": "image/png", "url": ADDRESS}]}
    )
    hop = Hop("jobs.submitted", 0, 0, 1, submitted.event_type, "e", submitted, None, b"{}")
    assert describe(hop) == "submitted by tenant default, interactive, plain prompt, 1 image"
    assert "image" not in describe(Hop("jobs.submitted", 0, 0, 1, "", "e", make_job(), None, b"{}"))
