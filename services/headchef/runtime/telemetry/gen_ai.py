"""One call to a model as a span and as metrics, by the GenAI conventions; never with prompt or answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from headchef_contracts.events.common import Usage

from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Call, Value, call


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What is known about a call before it is made.

    Attributes:
        provider: as the conventions name it, such as `openai`.
        model: as the provider names it.
        job_id: groups the calls of a job.
        temperature: as asked for, or None.
        max_output_tokens: as asked for, or None.
    """

    provider: str
    model: str
    job_id: str
    temperature: float | None = None
    max_output_tokens: int | None = None


@dataclass(slots=True)
class CallGoingOn:
    """Takes what the provider answered."""

    call: Call
    error_type: str | None = None
    usage: Usage | None = None

    def answered(
        self, *, usage: Usage | None, finish_reason: str, response_model: str | None, response_id: str | None
    ) -> None:
        """Note an answer; what the provider did not say is None."""
        self.usage = usage
        attributes: dict[str, Value] = {"gen_ai.response.finish_reasons": [finish_reason]}
        if response_model is not None:
            attributes["gen_ai.response.model"] = response_model
        if response_id is not None:
            attributes["gen_ai.response.id"] = response_id
        if usage is not None:
            attributes["gen_ai.usage.input_tokens"] = usage.input_tokens
            attributes["gen_ai.usage.output_tokens"] = usage.output_tokens
            attributes["gen_ai.usage.cache_read.input_tokens"] = usage.cached_input_tokens
            attributes["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_write_input_tokens
        self.call.answered(attributes)

    def failed(self, error_type: str) -> None:
        """Note a failure by its machine-readable kind, such as `rate_limited`."""
        self.error_type = error_type
        self.call.failed(error_type)


@contextmanager
def model_call(asked: ModelCall, metrics: Metrics, clock: Clock) -> Iterator[CallGoingOn]:
    """Measure one call to a model, from its request to its whole answer.

    Args:
        asked: what is asked of whom.
        metrics: takes duration and tokens.
        clock: measures the duration.
    """
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": asked.provider,
        "gen_ai.request.model": asked.model,
    }
    began_s = clock.monotonic()
    with call(f"chat {asked.model}", {**attributes, **_parameters(asked)}) as going_on:
        result = CallGoingOn(going_on)
        try:
            yield result
        except BaseException as error:
            result.error_type = type(error).__qualname__
            raise
        finally:
            _measure(metrics, attributes, clock.monotonic() - began_s, result)


def _parameters(asked: ModelCall) -> dict[str, Value]:
    parameters: dict[str, Value] = {"gen_ai.conversation.id": asked.job_id}
    if asked.temperature is not None:
        parameters["gen_ai.request.temperature"] = asked.temperature
    if asked.max_output_tokens is not None:
        parameters["gen_ai.request.max_tokens"] = asked.max_output_tokens
    return parameters


def _measure(metrics: Metrics, attributes: dict[str, str], duration_s: float, result: CallGoingOn) -> None:
    failed = {} if result.error_type is None else {"error.type": result.error_type}
    metrics.record("gen_ai.client.operation.duration", duration_s, attributes | failed)
    if (usage := result.usage) is not None:
        metrics.record("gen_ai.client.token.usage", usage.input_tokens, attributes | {"gen_ai.token.type": "input"})
        metrics.record("gen_ai.client.token.usage", usage.output_tokens, attributes | {"gen_ai.token.type": "output"})
