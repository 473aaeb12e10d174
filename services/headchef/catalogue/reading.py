"""Loads a catalogue file: checks it whole, and names every fault with file, line and field."""

import hashlib
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from headchef.catalogue.consistency import inconsistencies
from headchef.catalogue.errors import BadCatalogue
from headchef.catalogue.form import CatalogueFile, LaneEntry, ModelEntry, PricesEntry, Resource
from headchef.catalogue.model import Catalogue, Lane, Model, Prices, Provider, Quota
from headchef.document import Document, Fault, Unreadable, faults_of, read_document

DEFAULT_PATH = Path(__file__).with_name("default.yaml")
"""The packaged catalogue: one simulated model on the lane `default`."""

_CACHE_WRITE = Decimal("1.25")
"""Times the price of input: so Anthropic for five minutes, and OpenAI from GPT-5.6 on (their guides to prompt caching,
November 2026). Providers that take nothing extra report no writes."""


def load(path: Path = DEFAULT_PATH) -> Catalogue:
    """Read and check a catalogue file. No environment variable and no secret is read here.

    Args:
        path: a YAML file in the form of `example.yaml` beside this module.

    Raises:
        BadCatalogue: lists every fault with its line and field, and what would be right.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadCatalogue(path, (Fault(0, "", f"cannot be read: {error.strerror}"),)) from error
    return read(raw, path, path.parent)


def read(raw: bytes, path: Path, folder: Path) -> Catalogue:
    """Check the bytes of a catalogue file, wherever they came from.

    Args:
        raw: the bytes.
        path: what the file is called, for messages.
        folder: from which a key file with a relative path is named.

    Raises:
        BadCatalogue: lists every fault with its line and field, and what would be right.
    """
    try:
        document = read_document(raw)
    except Unreadable as error:
        raise BadCatalogue(path, (error.fault,)) from error
    return _catalogue(path, folder, hashlib.sha256(raw).hexdigest()[:16], document, _checked(path, document))


def _checked(path: Path, document: Document) -> CatalogueFile:
    faults = list(document.faults)
    file = None
    if not isinstance(document.data, dict):
        faults.append(Fault(1, "", "is not a mapping with the fields defaults, providers, lanes and models"))
    else:
        try:
            file = CatalogueFile.model_validate(document.data)
        except ValidationError as error:
            faults += faults_of(error, CatalogueFile, document)
        else:
            faults += [document.fault(place, said) for place, said in inconsistencies(file)]
    if faults or file is None:
        raise BadCatalogue(path, tuple(sorted(faults, key=lambda fault: (fault.line, fault.column))))
    return file


def _catalogue(path: Path, folder: Path, version: str, document: Document, file: CatalogueFile) -> Catalogue:
    providers = {
        name: Provider(
            name=name,
            dialect=entry.dialect,
            base_url=entry.base_url,
            api_key_env=entry.api_key_env,
            api_key_file=folder / entry.api_key_file if entry.api_key_file else None,
            output_limit_field=entry.output_limit_field,
            line=document.line_of(("providers", name)),
            prompt_cache_key=entry.prompt_cache_key,
        )
        for name, entry in file.providers.items()
    }
    lanes = {
        name: Lane(name, providers[entry.provider], _quota(entry), entry.active_partitions)
        for name, entry in file.lanes.items()
    }
    models = {name: _model(name, entry, lanes[entry.lane]) for name, entry in file.models.items()}
    return Catalogue(
        path,
        version,
        file.defaults.model,
        MappingProxyType(models),
        MappingProxyType(lanes),
        MappingProxyType(file.tiers),
    )


def _quota(entry: LaneEntry) -> Quota:
    limits: dict[Resource, int | None] = {
        "requests": entry.requests_per_minute,
        "tokens": entry.tokens_per_minute,
        "input_tokens": entry.input_tokens_per_minute,
        "output_tokens": entry.output_tokens_per_minute,
    }
    known = {resource: limit for resource, limit in limits.items() if limit is not None}
    return Quota(MappingProxyType(known), entry.concurrency, entry.cached_input_counts, entry.abandoned_calls)


def _model(name: str, entry: ModelEntry, lane: Lane) -> Model:
    return Model(
        name=name,
        lane=lane.name,
        provider=lane.provider.name,
        provider_model=entry.provider_model or name,
        max_output_tokens=entry.max_output_tokens,
        structured_output=entry.structured_output,
        prices=_prices(entry.prices) if entry.prices else None,
        cache_breakpoints=_marks(entry, lane),
        cacheable_tokens=entry.cacheable_tokens,
        fallback=entry.fallback,
        takes_images="image" in entry.input,
        image_tokens=entry.image_tokens,
    )


def _marks(entry: ModelEntry, lane: Lane) -> bool:
    """Without a mark Anthropic caches nothing; elsewhere a mark may be a field that nobody knows."""
    return lane.provider.dialect == "anthropic" if entry.cache_breakpoints is None else entry.cache_breakpoints


def _prices(entry: PricesEntry) -> Prices:
    cached = entry.input if entry.cached_input is None else entry.cached_input
    written = entry.input * _CACHE_WRITE if entry.cache_write is None else entry.cache_write
    return Prices(input=entry.input, output=entry.output, cached_input=cached, cache_write=written)
