"""Shows a job's history to a person: the verdict, the hops with their times, the prompt, the answer."""

from collections.abc import Iterator, Sequence

import orjson
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.origin import StepAccount

from headchef.cli.amounts import dollars, duration
from headchef.cli.history.describe import left_behind
from headchef.cli.history.explanation import answer, attempts, last_result, messages, story
from headchef.cli.history.gather import History
from headchef.cli.screen import printable, table

_WAITS_SHOWN = 3

_STYLES = {
    "ok": "bold green",
    "needs_review": "bold yellow",
    "rejected": "bold yellow",
    "failed": "bold red",
    "cancelled": "bold yellow",
}


def view(job_id: str, history: History) -> RenderableType:
    """Lay out a history that has at least one event."""
    return Group(*_parts(job_id, history))


def _parts(job_id: str, history: History) -> Iterator[RenderableType]:
    yield _verdict(job_id, history)
    rows = [
        (
            f"+{duration(line.since_start_ms / 1000)}",
            "" if line.since_cause_ms is None else duration(line.since_cause_ms / 1000),
            f"{line.hop.topic}[{line.hop.partition}]@{line.hop.offset}",
            line.words,
        )
        for line in story(history)
    ]
    yield table("", ("at", "took", "event", "what"), rows)
    finished = last_result(history)
    if isinstance(finished, JobFinished) and finished.provenance.steps:
        yield _steps(finished.provenance.steps)
    for message in messages(history):
        title = "Prompt" if message["role"] == "user" else f"Prompt ({message['role']})"
        shown = "".join(f"[image {image}]\n" for image in message.get("images", ()))
        yield _panel(title, f"{shown}{message['content']}")
    result = answer(history)
    if result is not None:
        text = result if isinstance(result, str) else orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
        yield _panel("Answer", text)
    if isinstance(finished, JobFinished) and finished.findings:
        found = "\n".join(
            f"{finding.path or '/'}: {finding.message} ({finding.check})" for finding in finished.findings
        )
        yield _panel("Findings", found)
    for topic, count in history.skipped.items():
        yield Text(f"Not looked at: {count:,} older records of {topic}; --records looks further.", style="dim")


def _steps(steps: Sequence[StepAccount]) -> RenderableType:
    rows = [
        (
            each.step_id,
            f"{each.ended - each.lost}"
            + (f", {each.taken_over} taken over" if each.taken_over else "")
            + (f", {each.lost} lost" if each.lost else ""),
            str(each.reused or ""),
            str(each.repaired or ""),
            str(each.attempts or ""),
            ", ".join(each.models),
            dollars(each.cost_usd) if each.models else "",
        )
        for each in steps
    ]
    return table("", ("step", "came to an end", "reused", "repaired", "calls", "models", "cost"), rows)


def _verdict(job_id: str, history: History) -> Text:
    result = last_result(history)
    text = Text(f"Job {printable(job_id)}  ", style="bold")
    if result is None:
        text.append("not finished yet", style="bold yellow")
        reasons = [*([history.held] if history.held else []), *(each.words for each in history.waits[:_WAITS_SHOWN])]
        if (more := len(history.waits) - _WAITS_SHOWN) > 0:
            reasons.append(f"{more:,} more steps wait so")
        return text.append(f": {printable('; '.join(reasons))}" if reasons else "", style="yellow")
    if not isinstance(result, JobFinished):
        return text.append("refused", style="bold red")
    took = (result.timing.finished_at - result.timing.submitted_at).total_seconds()
    text.append(result.status.replace("_", " "), style=_STYLES[result.status])
    calls, tried = len(attempts(history)), left_behind(result.provenance.tried)
    tokens = result.usage.input_tokens + result.usage.output_tokens
    facts = (
        f"{duration(took)}, of which {duration(result.timing.provider_s)} in {calls} call{'' if calls == 1 else 's'}",
        f"{tokens:,} tokens",
        dollars(result.cost_usd),
        f"model {result.provenance.model}" if result.provenance.model else "",
        f"after {tried}" if tried else "",
        f"cache {result.cache.kind}",
    )
    return text.append(Text("  " + " · ".join(fact for fact in facts if fact), style="not bold"))


def _panel(title: str, text: str) -> Panel:
    # Wrapped in a pipe too, where the console wraps nothing and a frame would cut the text off.
    whole = Text(printable(text.strip()), no_wrap=False, overflow="fold")
    return Panel(whole, title=Text(title, style="bold"), title_align="left", border_style="dim")
