"""Fills a job's templates as the router does, to show what a model is asked."""

from dataclasses import dataclass

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.submission.templates import renderer


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked.

    Attributes:
        system: the system prompt, or None.
        user: the prompt.
    """

    system: str | None
    user: str


def rendered(job: JobSubmitted) -> Prompt:
    """Fill a job's prompts from its input; without an input they are literal text.

    Raises:
        Refused: a template does not fit the input.
    """
    values = job.input.inline if isinstance(job.input, Inline) else None
    texts = []
    for body in (job.system, job.prompt):
        text = body.inline if isinstance(body, Inline) else ""
        if text and values is not None:
            text = renderer().render(text, values, "prompt").text
        texts.append(text)
    return Prompt(texts[0] or None, texts[1])
