"""What the parts of a catalogue must agree on: names, one way to a credential, what a dialect wants, quotas that do."""

from collections.abc import Collection, Iterator

from headchef_contracts import topics

from headchef.catalogue.endpoint import address_fault
from headchef.catalogue.form import CatalogueFile, DialectName, ModelEntry

Found = tuple[tuple[str | int, ...], str]
"""Where a fault is, as names from the outside in, and what is wrong and would be right."""


def inconsistencies(file: CatalogueFile) -> Iterator[Found]:
    """Give all faults of a file whose fields are right each by itself."""
    if file.defaults.model not in file.models:
        yield ("defaults", "model"), _unknown("model", file.defaults.model, file.models)
    yield from _of_providers(file)
    for name, lane in file.lanes.items():
        if lane.provider not in file.providers:
            yield ("lanes", name, "provider"), _unknown("provider", lane.provider, file.providers)
    for name, model in file.models.items():
        if fault := _input_fault(model):
            yield ("models", name, "input"), fault
        lane_entry = file.lanes.get(model.lane)
        if lane_entry is None:
            yield ("models", name, "lane"), _unknown("lane", model.lane, file.lanes)
        elif provider := file.providers.get(lane_entry.provider):
            for field, message in _of_dialect(provider.dialect, model):
                yield ("models", name, field), message
    yield from _of_fallbacks(file)
    yield from _of_tiers(file)
    yield from _of_quotas(file)


def _of_providers(file: CatalogueFile) -> Iterator[Found]:
    for name, provider in file.providers.items():
        if provider.api_key_env and provider.api_key_file:
            yield ("providers", name, "api_key_file"), "give api_key_env or api_key_file, not both"
        if provider.prompt_cache_key and provider.dialect != "openai":
            message = f"is not known to the dialect {provider.dialect}; leave it out"
            yield ("providers", name, "prompt_cache_key"), message
        if fault := address_fault(provider.base_url):
            yield ("providers", name, "base_url"), fault


def _of_dialect(dialect: DialectName, model: ModelEntry) -> Iterator[tuple[str, str]]:
    if dialect == "gemini" and model.cache_breakpoints:
        yield "cache_breakpoints", "is not known to the dialect gemini, which caches by itself; leave it out"
    if dialect != "anthropic":
        return
    if model.max_output_tokens is None:
        yield "max_output_tokens", "is missing: the dialect anthropic wants an output limit in each call, such as 8192"
    if model.structured_output == "json_object":
        yield "structured_output", "json_object is not known to the dialect anthropic; give json_schema or none"


def _input_fault(model: ModelEntry) -> str | None:
    if "text" not in model.input:
        return "has no text, which every prompt is; give [text] or [text, image]"
    return None if len(set(model.input)) == len(model.input) else "names a kind twice; give [text] or [text, image]"


def _of_fallbacks(file: CatalogueFile) -> Iterator[Found]:
    for name, model in file.models.items():
        for number, other in enumerate(model.fallback):
            place = ("models", name, "fallback", number)
            if other == name:
                yield place, "is the model itself, which has failed by then; name another one"
            elif fault := _order_fault(other, model.fallback[:number], file):
                yield place, fault


def _of_tiers(file: CatalogueFile) -> Iterator[Found]:
    for name, models in file.tiers.items():
        for number, model in enumerate(models):
            if fault := _order_fault(model, models[:number], file):
                yield ("tiers", name, number), fault


def _order_fault(model: str, before: Collection[str], file: CatalogueFile) -> str | None:
    if model not in file.models:
        return _unknown("model", model, file.models)
    return f"names {model!r} twice; each model is asked once" if model in before else None


def _of_quotas(file: CatalogueFile) -> Iterator[Found]:
    for name, lane in file.lanes.items():
        if not lane.cached_input_counts and lane.input_tokens_per_minute is None:
            message = "says how input_tokens_per_minute is counted; give that too, or leave it out"
            yield ("lanes", name, "cached_input_counts"), message
        if "abandoned_calls" in lane.model_fields_set and lane.concurrency is None:
            message = (
                "says how long concurrency counts the calls of an executor that is gone; give that too, or leave it out"
            )
            yield ("lanes", name, "abandoned_calls"), message
        for field, message in share_faults(file, name, topics.topic(f"steps.dispatched.{name}").partitions):
            yield ("lanes", name, field), message


def share_faults(file: CatalogueFile, name: str, tasks: int) -> Iterator[tuple[str, str]]:
    """Give the limits of a lane whose smallest share, that of one task, lets no call begin: the field, and why.

    Args:
        file: in which the lane is.
        name: of the lane.
        tasks: of the lane; those that it leaves unused have no share.
    """
    lane = file.lanes[name]
    sharing = min(tasks, lane.active_partitions or tasks)
    limits = (model.max_output_tokens for model in file.models.values() if model.lane == name)
    answer = max((limit for limit in limits if limit is not None), default=1)
    limited = [
        (field, limit, call, what)
        for field, call, what in (
            ("requests_per_minute", 1, "one call"),
            ("concurrency", 1, "one call"),
            ("tokens_per_minute", answer, f"one call, whose answer may have {answer} tokens"),
            ("output_tokens_per_minute", answer, f"one call, whose answer may have {answer} tokens"),
            ("input_tokens_per_minute", 1, "one call"),
        )
        if (limit := getattr(lane, field)) is not None
    ]
    # So few that the smallest of all its limits does.
    would_do = min((limit // call for _, limit, call, _ in limited), default=0)
    for field, limit, call, what in limited:
        if limit < sharing * call:
            least = sharing * call
            remedy = f", or `active_partitions: {would_do}` in this lane" if would_do else ""
            yield (
                field,
                f"is shared by {sharing} tasks, and a share is less than {what}; at least {least} is needed{remedy}",
            )


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    return f"there is no {kind} {name!r}; known are {', '.join(known)}"
