"""The documents of reviews: as a person sees them, as they come back edited, and what is wrong with an edit."""

import sys
from pathlib import Path
from typing import Any

import orjson

from headchef_contracts.events.common import Finding, Ref
from headchef_contracts.events.reviews import ReviewAsked

from headchef.checks import Registry
from headchef.cli.bodies import bodies_here, with_values
from headchef.cli.faults import WrongUsage
from headchef.schema import SchemaCache
from headchef.workflow.progress import Judge

STDIN = "-"
_SCHEMAS = 4


def shown(document: Any) -> str:
    """Give a document as it is written: a text as it is, anything else as JSON."""
    return document if isinstance(document, str) else orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def edited(source: str, before: Any) -> Any:
    """Read an edited document, which is a text if the document was one, and else JSON.

    Args:
        source: a file, or - for standard input.
        before: the document as it was.

    Raises:
        WrongUsage: it cannot be read, or is no JSON.
    """
    name = "standard input" if source == STDIN else source
    try:
        text = sys.stdin.read() if source == STDIN else Path(source).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{name} cannot be read: {error}") from error
    if isinstance(before, str):
        # Editors end a file with a line's end, which is no part of a text that has none.
        return text if before.endswith("\n") else text.removesuffix("\n")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        wrong = f"{name}: line {error.lineno}, column {error.colno}: {error.msg}"
        raise WrongUsage(wrong, "the document is JSON, as `headchef review show` gives it") from error


def wrong_with(document: Any, review: ReviewAsked, registry: Registry) -> tuple[Finding, ...]:
    """Say what a document breaks, as far as this machine has the checks; the services have the last word.

    Args:
        document: as it is to be sent.
        review: has the schema and the checks.
        registry: has the checks of this machine.
    """
    known = [
        {"check": each.check, "path": each.path, **each.arguments}
        for each in review.checks
        if each.check in registry.names
    ]
    return Judge(SchemaCache(_SCHEMAS), registry).findings(document, review.json_schema, known)


async def with_document(review: ReviewAsked) -> ReviewAsked:
    """Give a review with its document in it.

    Args:
        review: as it lies in the log.

    Raises:
        WrongUsage: the document lies in a store, and cannot be had from here.
    """
    opened = await with_values(review, bodies_here())
    if isinstance(opened.document, Ref):
        message = f"the document {opened.document.ref.sha256} lies in an object store, and cannot be had from here"
        raise WrongUsage(message, "set HEADCHEF_BODIES to the store that the services use")
    return opened
