"""The calls that jobs lead to, byte for byte as the router plans them and an executor writes them for OpenAI."""

from collections.abc import Iterable, Iterator

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef import equality
from headchef.catalogue import Catalogue
from headchef.checks import installed
from headchef.executor.dialects.openai import OpenAI
from headchef.executor.provider import Question, Turn
from headchef.router.policy import head_of, plan
from headchef.schema import SchemaCache
from headchef.template import Renderer
from tests.bench.load import Job
from tests.support.virtual_time import START

_MOST = 1_000_000


def bodies_of(jobs: Iterable[Job], catalogue: Catalogue) -> Iterator[bytes]:
    """Give the body of each job's call, in order.

    Args:
        jobs: that are valid.
        catalogue: has the model, at an account that speaks OpenAI's dialect.
    """
    schemas, renderer = SchemaCache(8), Renderer(max_templates=8, max_work=_MOST)
    for job in jobs:
        submitted = JobSubmitted.model_validate_json(job.value)
        request = plan(
            submitted,
            head_of(submitted, job_class="interactive", home_partition=0, submitted_at=START),
            catalogue=catalogue,
            schemas=schemas,
            registry=installed(),
            judges=equality.installed(),
            renderer=renderer,
            max_prompt_bytes=_MOST,
        ).request
        model = catalogue.models[request.model]
        said = [
            Turn(each.role, str(each.content.inline)) for each in request.messages if isinstance(each.content, Inline)
        ]
        question = Question(model, said, request.parameters, request.output_schema)
        yield OpenAI(catalogue.lanes[model.lane].provider).write(question).body
