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
        static_characters: so many of all its characters, from the first on, all jobs of the same template share;
            images stand before the prompt, and end them.
    """

    system: str | None
    user: str
    static_characters: int


def rendered(job: JobSubmitted) -> Prompt:
    """Fill a job's prompts from its input; without an input they are literal text.

    Raises:
        TemplateRefused: a template does not fit the input.
    """
    values = job.input.inline if isinstance(job.input, Inline) else None
    texts, static, is_static = [], 0, True
    for body in (job.system, job.prompt):
        is_static = is_static and not (body is job.prompt and job.images)
        text = body.inline if isinstance(body, Inline) else ""
        count = len(text) if body is job.system else 0
        if text and values is not None:
            text, count = renderer().render(text, {"input": values})
        static += count if is_static else 0
        is_static = is_static and count == len(text)
        texts.append(text)
    return Prompt(texts[0] or None, texts[1], static)
