"""By what an answer can be found again, to be invalidated: the tags of its job, its template, and its sources. Pure."""

from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from headchef_contracts.events.common import Inline
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.semantic import MAX_MARKED_SOURCES, Marks

from headchef.canonical import canonical


def marks_of_question(job: JobSubmitted) -> Marks | None:
    """Give the marks of a job that is one question; None where it has none.

    Args:
        job: as submitted, with values in the place of references.
    """
    texts = () if job.input is None else tuple(_texts(job))
    if not job.cache_tags and not job.images:
        return _of_template(*texts) if texts else None
    return marks_of(job.cache_tags, template_of_texts(*texts) if texts else None, map(source_of_image, job.images))


def marks_of(tags: Sequence[str], template: str | None, sources: Iterable[str]) -> Marks | None:
    """Put marks together; None for none, and what is not set is not written into events.

    Args:
        tags: as the job says.
        template: its hash; None for literal texts.
        sources: hashes, of which those beyond the contract's number are only said to be there.
    """
    marks: dict[str, Any] = {}
    if tags:
        marks["tags"] = tuple(dict.fromkeys(tags))
    if template is not None:
        marks["template"] = template
    if found := tuple(dict.fromkeys(sources)):
        marks["sources"] = found[:MAX_MARKED_SOURCES]
        if len(found) > MAX_MARKED_SOURCES:
            marks["more_sources"] = True
    return Marks(**marks) if marks else None


def _texts(job: JobSubmitted) -> Iterator[str]:
    for body in (job.system, job.prompt):
        if isinstance(body, Inline):
            yield body.inline


# Jobs come in crowds of one template, and to hash it takes longer than all else that is done here.
@lru_cache(maxsize=64)
def _of_template(*texts: str) -> Marks | None:
    return marks_of((), template_of_texts(*texts), ())


def template_of_texts(*texts: str) -> str:
    """Give the hash of a system prompt, where there is one, and a prompt, as they were before they were filled in."""
    return sha256(canonical(texts)).hexdigest()


def template_of_step(workflow: str, step: str) -> str:
    """Give the hash that stands for the template of a step of a workflow: a published version never changes.

    Args:
        workflow: its name with version, such as `local-landing-page@3`.
        step: its id.
    """
    return sha256(f"{workflow}/{step}".encode()).hexdigest()


def source_of_image(image: Image) -> str:
    """Give the hash that stands for an image: of its bytes, or of the address under which its provider reads it."""
    content = (image.url or "").encode() if image.base64 is None else b64decode(image.base64)
    return sha256(content).hexdigest()
