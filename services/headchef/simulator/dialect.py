"""The bodies of OpenAI's chat completions API, as answers and as errors."""

from typing import Any

import orjson

from headchef.simulator.bill import Tokens


class BadRequest(Exception):
    """A request that OpenAI would refuse.

    Args:
        status: of HTTP.
        message: what is wrong.
        code: OpenAI's machine-readable code, or None.
        param: the field at fault, or None.
    """

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, "invalid_request_error", code, param)


def read_request(raw: bytes) -> dict[str, Any]:
    """Parse and check the body of a chat completion.

    Raises:
        BadRequest: it is not what OpenAI would take.
    """
    try:
        request = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, "We could not parse the JSON body of your request.") from error
    if not isinstance(request, dict):
        raise BadRequest(400, "The body is not a JSON object.")
    if not isinstance(request.get("model"), str):
        raise BadRequest(400, "you must provide a model parameter", param="model")
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise BadRequest(400, "messages is a list of at least one message.", param="messages")
    form = request.get("response_format")
    if form is not None and not _is_form(form):
        raise BadRequest(400, "response_format is not one that is known.", param="response_format")
    return request


def _is_form(form: object) -> bool:
    if not isinstance(form, dict) or form.get("type") not in ("text", "json_object", "json_schema"):
        return False
    schema = form.get("json_schema")
    return form["type"] != "json_schema" or (isinstance(schema, dict) and isinstance(schema.get("schema", {}), dict))


def limit_of(request: dict[str, Any]) -> int | None:
    """Give the output limit in tokens, by either of its names."""
    limit = request.get("max_completion_tokens", request.get("max_tokens"))
    return limit if isinstance(limit, int) else None


def completion_body(
    *, request_id: str, model: str, content: str | None, refusal: str | None, finish_reason: str, tokens: Tokens
) -> bytes:
    """Write the answer to a chat completion. It carries no time, so that equal requests have equal answers."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return orjson.dumps(
        {
            "id": f"chatcmpl-{request_id}",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "system_fingerprint": "simulated",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
            "usage": {
                "prompt_tokens": tokens.input,
                "completion_tokens": tokens.output,
                "total_tokens": tokens.input + tokens.output,
                "prompt_tokens_details": {"cached_tokens": tokens.cached_input},
                "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
            },
        }
    )


def error_body(message: str, kind: str, code: str | None = None, param: str | None = None) -> bytes:
    """Write an error as OpenAI does."""
    return orjson.dumps({"error": {"message": message, "type": kind, "param": param, "code": code}})


def models_body(models: tuple[str, ...]) -> bytes:
    """Write the list of models."""
    data = [{"id": model, "object": "model", "created": 0, "owned_by": "headchef-simulator"} for model in models]
    return orjson.dumps({"object": "list", "data": data})
