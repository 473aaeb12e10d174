"""Shows what came of cases: a line a case, then what is wrong with some of them."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from headchef.cli.amounts import dollars, duration
from headchef.cli.screen import printable
from headchef.cli.workflows.testing.result import Result, Verdict

_STYLES: dict[Verdict, str] = {"passed": "green", "failed": "red", "error": "red", "interrupted": "yellow"}
_SHOWN_LINES = 60
"""Of what is wrong with one case."""

_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def shown(results: Sequence[Result]) -> Text:
    """Lay out all results for a person."""
    longest = max(len(each.case) for each in results)
    page = Text()
    for each in results:
        page.append(f"{each.verdict:<12}", _STYLES[each.verdict])
        page.append(f"{each.case:<{longest}}  {_facts(each)}\n")
    for each in results:
        if each.verdict not in ("passed", "interrupted"):
            page.append("\n")
            page.append(f"{each.case}\n", "bold")
            lines = each.account.splitlines()
            for line in lines[:_SHOWN_LINES]:
                page.append(f"  {printable(line)}\n", _DIFF.get(line[:1], ""))
            if len(lines) > _SHOWN_LINES:
                page.append(
                    f"  … {len(lines) - _SHOWN_LINES:,} lines more; `--junit` and `--json` have them all\n", "dim"
                )
    page.rstrip()
    return page


def conclusion(workflow: str, results: Sequence[Result]) -> str:
    """Say in a line how many cases came to what."""
    counts = [(sum(each.verdict == verdict for each in results), verdict) for verdict in _STYLES]
    said = ", ".join(f"{count} {verdict}" for count, verdict in counts if count)
    return f"{workflow}: {said}"


def as_json(result: Result) -> dict[str, Any]:
    """Give a result to machines."""
    return {
        "case": result.case,
        "verdict": result.verdict,
        "seconds": round(result.seconds, 3),
        "status": result.status or None,
        "differences": [{"message": each.message, "detail": each.detail or None} for each in result.differences],
        "error": result.error or None,
        "questions": result.used.questions,
        "tokens": result.used.tokens,
        "cost_usd": format(result.used.cost_usd, "f"),
        "golden_updated": result.updated,
    }


def _facts(result: Result) -> str:
    if result.verdict == "interrupted":
        return result.error
    if result.verdict == "error":
        return duration(result.seconds)
    used = result.used
    asked = "1 question" if used.questions == 1 else f"{used.questions:,} questions"
    parts = [duration(result.seconds), asked]
    if used.tokens:
        parts.append(f"{used.tokens:,} tokens, {dollars(used.cost_usd)}")
    if result.updated:
        parts.append("golden result written")
    return ", ".join(parts)
