"""The commands as a user meets them: messages that name the option, the file or the setting, and exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperArgument, TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from headchef.cli.__main__ import app

ROWS = "sku,name\na1,Bolt\na2,Nut\n"
NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("HEADCHEF_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADCHEF_KAFKA", NOWHERE)
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(ROWS)
    Path("p.j2").write_text("About {{ input.name }}")


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("submit", "missing.csv", "--prompt", "x"), "missing.csv: no such file"),
        (("submit", "rows.csv", "--prompt", "x", "--prompt-file", "p.j2"), "--prompt and --prompt-file are both given"),
        (("submit", "--prompt", "x", "--model", "a", "--tier", "b"), "--model and --tier are both given"),
        (("submit", "rows.csv", "--prompt-file", "no.j2"), "no.j2"),
        (("submit", "rows.csv", "--prompt", "{{ name }}"), '"name" is not known; the row is called input'),
        (("submit", "rows.csv", "--prompt", "{{ input.nmae }}"), "Columns: sku, name"),
        (("submit", "rows.csv", "--prompt", "{{ input."), "--prompt, line 1"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--id-field", "id"), '--id-field: there is no column "id"'),
        (("submit", "rows.csv"), "--prompt-file"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--job-id", "x"), "--job-id is for one job"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--label", "x"), "is not NAME=VALUE"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--class", "urgent"), "bulk"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--temperature", "3"), "temperature"),
        (("submit", "--prompt", "x", "--id-field", "a"), "name columns of a file"),
        (("submit", "--prompt", "x {{ input.a }}", "--input", "{"), "not JSON"),
        (("submit", "--prompt", "x {{ input.a }}", "--input", "[1]"), "a JSON object is wanted"),
        (("submit", "--workflow", "page", "--input", "{}"), '--workflow: "page" names no version'),
        (("submit", "--workflow", "page@1", "--prompt", "x"), "--prompt does not go with --workflow"),
        (("submit", "rows.csv", "--workflow", "page@1", "--model", "a"), "--model does not go with --workflow"),
        (("submit", "--nonsense"), "No such option"),
        (("results", "--wait"), "--wait needs --job"),
        (("results", "--from", "yesterday"), "is not a place"),
        (("results", "--output", "out.xml"), "must end in .jsonl or .csv"),
        (("dlq", "show", "somewhere"), "is not a place"),
        (("dlq", "redrive"), "no dead letter is chosen"),
        (("dlq", "redrive", "--limit", "5"), "no dead letter is chosen"),
        (("dlq", "redrive", "somewhere"), "is not a place"),
        (("dlq", "redrive", "jobs.submitted:0:0", "--all"), "more than one choice is made"),
        (("dlq", "redrive", "--all", "--reason", "not_json"), "more than one choice is made"),
        (("dlq", "redrive", "--topic", "batches.finished"), "has no dead letters"),
        (("dlq", "redrive", "--topic", "nothing"), "no topic"),
        (("dlq", "redrive", "--since", "yesterday"), "--since"),
        (("dlq", "redrive", "--all", "--json"), "--json cannot ask"),
        (("dlq", "redrive", "--all", "--max-redrives", "0"), "max-redrives"),
        (("demo", "--jobs", "0"), "jobs"),
        (("batch", "wait"), "BATCH"),
        (("batch", "wait", "spring", "--timeout", "-1"), "timeout"),
        (("submit", "rows.csv", "--prompt-file", "p.j2", "--batch-size", "5"), "there is no batch whose size this is"),
    ],
)
def test_wrong_usage_is_named_and_exits_2(arguments: tuple[str, ...], part: str) -> None:
    result = run(*arguments)
    assert part in " ".join(result.output.split())
    assert result.exit_code == 2


DEEP = '{"a":' * 300 + "1" + "}" * 300


@pytest.mark.parametrize(
    ("arguments", "stdin", "part"),
    [
        (("--prompt", "x \udcff"), "", "--prompt: has bytes that are not UTF-8"),
        (("--prompt", "x", "--label", "a=\udcff"), "", "not UTF-8"),
        (("--prompt", "x {{ input.a }}", "--input", DEEP), "", "nested too deeply"),
        ((), b"\xff", "standard input: not UTF-8: byte 0xff is not text"),
        ((), '{"prompt": "x", "input": ' + DEEP + "}", "nested too deeply"),
        (("-", "--format", "csv", "--prompt", "x"), 'a,"b"c\n', "not CSV"),
    ],
)
def test_what_cannot_be_written_as_a_job_is_no_traceback(
    arguments: tuple[str, ...], stdin: str | bytes, part: str
) -> None:
    result = run("submit", "--dry-run", *arguments, stdin=stdin)
    assert part in " ".join(result.output.split())
    assert isinstance(result.exception, SystemExit)


def _that_name_a_tenant(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give how each command begins that takes a tenant, up to where that is written."""
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from _that_name_a_tenant(each, (*words, name))
        return
    for parameter in command.params:
        if parameter.name == "tenant":
            yield words if isinstance(parameter, TyperArgument) else (*words, "--tenant")


NAMING_A_TENANT = tuple(_that_name_a_tenant(get_command(app)))


def test_commands_that_name_a_tenant_are_found() -> None:
    assert len(NAMING_A_TENANT) > 15
    assert ("tenant", "set") in NAMING_A_TENANT
    assert ("cache", "invalidate", "--tenant") in NAMING_A_TENANT


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("words", NAMING_A_TENANT, ids=" ".join)
def test_a_blank_is_no_tenant(words: tuple[str, ...], blank: str) -> None:
    result = run(*words, blank)
    assert f'"{blank}" names no tenant' in result.output
    assert result.exit_code == 2


def test_all_bad_lines_are_named_and_nothing_is_sent() -> None:
    Path("jobs.jsonl").write_text('{"job_id": "a", "prompt": "x"}\n{"job_id": \n{"job_id": "b", "promt": "x"}\n')
    result = run("submit", "jobs.jsonl")
    assert result.exit_code == 2
    assert "jobs.jsonl, line 2: not JSON" in result.output
    assert "jobs.jsonl, line 3: promt: unknown field; did you mean `prompt`?" in result.output
    assert "2 lines are wrong, and nothing was sent" in result.output


def test_a_schema_that_is_none_is_refused() -> None:
    Path("s.json").write_text('{"type": "objekt"}')
    result = run("submit", "rows.csv", "--prompt-file", "p.j2", "--schema", "s.json")
    assert result.exit_code == 2
    assert "--schema: s.json" in result.output


def test_a_dry_run_checks_and_sends_nothing() -> None:
    result = run("submit", "rows.csv", "--prompt-file", "p.j2", "--dry-run", "--json")
    assert result.exit_code == 0
    shares = {"static_characters": 6, "prompt_characters": 10}
    assert json.loads(result.stdout) == {"jobs": 2, "sent": 0, **shares}
    said = run("submit", "rows.csv", "--prompt-file", "p.j2", "--system", "Be brief.", "--dry-run")
    assert "all prompts begin with the same 15 characters; the first has 19" in " ".join(said.output.split())


def test_a_job_can_come_by_standard_input() -> None:
    result = run("submit", "--dry-run", "--json", stdin='{\n  "job_id": "a",\n  "prompt": "x"\n}')
    assert json.loads(result.stdout) == {"jobs": 1, "sent": 0}
    lines = run("submit", "-", "--dry-run", "--json", stdin='{"prompt": "x"}\n{"prompt": "y"}\n')
    assert json.loads(lines.stdout) == {"jobs": 2, "sent": 0}


@pytest.mark.parametrize(
    "arguments",
    [
        ("submit", "--prompt", "x"),
        ("results",),
        ("explain", "j1"),
        ("spend",),
        ("dlq", "list"),
        ("dlq", "show", "jobs.submitted:0:0"),
        ("dlq", "redrive", "jobs.submitted:0:0", "--yes"),
        ("dlq", "redrive", "--all"),
        ("topics", "check"),
        ("topics", "create"),
    ],
)
def test_a_broker_that_is_down_is_named_with_its_setting(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--patience", "0")
    assert f"cannot reach Kafka at {NOWHERE} (HEADCHEF_KAFKA)" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADCHEF_KAFKA", "no address"),
        ("HEADCHEF_KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("HEADCHEF_NAMESPACE", "not a name!"),
        ("HEADCHEF_CATALOGUE", "missing.yaml"),
    ],
)
def test_a_wrong_setting_is_named_and_exits_2(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    result = run("topics", "check", "--patience", "0")
    assert name in result.output
    assert result.exit_code == 2


def test_a_model_without_an_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_MODEL", "gpt-4o-mini")
    result = run("demo")
    assert "no endpoint is named" in result.output
    assert result.exit_code == 2


def test_a_real_endpoint_is_asked_for_before_anything_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")
    result = run("demo", stdin="n\n")
    assert "10 jobs for gpt-4o-mini" in result.output
    assert "about $0.00" in result.output
    assert "nothing was submitted" in result.output
    assert result.exit_code == 1


def test_an_unknown_price_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCHEF_MODEL", "own-model")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    result = run("demo", "--jobs", "3", stdin="n\n")
    assert "3 jobs for own-model" in result.output
    assert "cost unknown" in result.output
    assert "The spend cap cannot work without a price" in result.output


@pytest.mark.parametrize("cap", ["nothing", "0", "-1", "NaN", "Infinity"])
def test_a_cap_that_is_no_amount_is_refused(monkeypatch: pytest.MonkeyPatch, cap: str) -> None:
    monkeypatch.setenv("HEADCHEF_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")
    result = run("demo", "--cap-usd", cap)
    assert "is not an amount" in result.output
    assert result.exit_code == 2


def test_the_version_is_told_to_machines_too() -> None:
    assert "aiokafka" in run("version").output
    assert set(json.loads(run("version", "--json").stdout)) >= {"headchef", "python", "aiokafka"}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from headchef.cli.__main__ import app; "
        "print([name for name in ('pydantic', 'aiokafka', 'rich', 'jinja2', 'aiohttp') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_paths())
    assert found.stdout.strip() == "[]"


def _paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
