"""What a demo on a real endpoint may cost, before it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson

from headchef.catalogue import Prices
from headchef.cli.demo.jobs import DemoJob
from headchef.cli.submission.rendering import rendered

# English text has about four characters a token with the tokenizers in use; real counts differ by a third.
_CHARACTERS_A_TOKEN = 4
_OUTPUT_TOKENS = 450

# Of a landing page: the outline, up to three sections and the meta data, with their schemas.
_WORKFLOW_INPUT_TOKENS = 1_250
_WORKFLOW_OUTPUT_TOKENS = 700


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and cost, roughly.

    Attributes:
        input_tokens: of all prompts and schemas.
        output_tokens: of all answers.
        cost_usd: None if the prices are not known.
    """

    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None


def estimate(jobs: Sequence[DemoJob], prices: Prices | None) -> Estimate:
    """Estimate jobs.

    Args:
        jobs: to be submitted.
        prices: US dollars per million tokens, or None if not known.
    """
    characters, workflows = 0, 0
    for each in jobs:
        if each.job.workflow is not None:
            workflows += 1
            continue
        prompt = rendered(each.job)
        characters += len(prompt.user) + len(prompt.system or "") + len(orjson.dumps(each.job.output.json_schema))
    inputs = characters // _CHARACTERS_A_TOKEN + _WORKFLOW_INPUT_TOKENS * workflows
    outputs = _OUTPUT_TOKENS * (len(jobs) - workflows) + _WORKFLOW_OUTPUT_TOKENS * workflows
    if prices is None:
        return Estimate(inputs, outputs, None)
    return Estimate(inputs, outputs, (prices.input * inputs + prices.output * outputs) / Decimal(1_000_000))
