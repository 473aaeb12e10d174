"""Loads a catalogue file: checks it whole, and names every fault with file, line and field."""

import hashlib
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from headchef.catalogue.consistency import inconsistencies
from headchef.catalogue.errors import BadCatalogue, Fault
from headchef.catalogue.form import CatalogueFile, LaneEntry, ModelEntry, PricesEntry, Resource
from headchef.catalogue.model import Catalogue, Lane, Model, Prices, Provider, Quota
from headchef.catalogue.places import Document, dotted, read_yaml

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
        document = read_yaml(raw.decode())
    except UnicodeDecodeError as error:
        raise BadCatalogue(path, (Fault(0, "", "is not UTF-8 text"),)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise BadCatalogue(path, (Fault(mark.line + 1 if mark else 0, "", f"is not YAML: {problem}"),)) from error
    except RecursionError as error:
        raise BadCatalogue(path, (Fault(0, "", "is nested too deep, or an alias refers to itself"),)) from error
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
            faults += [_fault(document, details) for details in error.errors(include_url=False)]
        else:
            faults += [Fault(document.line_of(place), dotted(place), said) for place, said in inconsistencies(file)]
    if faults or file is None:
        raise BadCatalogue(path, tuple(sorted(faults, key=lambda fault: fault.line)))
    return file


def _fault(document: Document, details: ErrorDetails) -> Fault:
    place = tuple(part for part in details["loc"] if part != "[key]")
    kind, owner = details["type"], _owner(place)
    if kind == "extra_forbidden" and owner is not None:
        known = list(owner.model_fields)
        near = get_close_matches(str(place[-1]), known, 1)
        message = f"unknown field; did you mean {near[0]}?" if near else f"unknown field; known are {', '.join(known)}"
    else:
        field = owner.model_fields.get(str(place[-1])) if owner else None
        right = f" (expected: {field.description})" if field and field.description else ""
        message = f"{'is missing' if kind == 'missing' else details['msg']}{right}"
    return Fault(document.line_of(place), dotted(place), message)


def _owner(place: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Find the form that the last part of a place is a field of; None where it is a name chosen by the author."""
    form: type[BaseModel] | None = CatalogueFile
    named = False
    for part in place[:-1]:
        if named:
            named = False
            continue
        field = form.model_fields.get(str(part)) if form else None
        form, named = _form_of(field.annotation) if field else (None, False)
    return None if named else form


def _form_of(annotation: object) -> tuple[type[BaseModel] | None, bool]:
    named = getattr(annotation, "__origin__", None) is dict
    forms = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)]
    return (forms[0] if forms else None), named


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
    return Catalogue(path, version, file.defaults.model, MappingProxyType(models), MappingProxyType(lanes))


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
