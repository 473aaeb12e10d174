"""The ways in which prompts can meet a provider's cache, and jobs of one template to measure them with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from headchef.catalogue.form import DialectName
from tests.bench.load import Job

_RULES = (
    "Write for somebody who knows nothing of the subject, in the second person, in short sentences.",
    "Take every fact from what is given below, and say nothing that does not stand there.",
    "Give numbers with their unit, and round none of them.",
    "Do not praise: no superlative, no exclamation mark, no comparison with other makers.",
    "Name the material first, then the size, then the weight, then where it is made.",
    "If a fact is missing, leave its sentence out, and do not speak of it.",
)
_INSTRUCTIONS = "You write product descriptions for the catalogue of a furniture shop.\n" + "".join(
    f"{number}. {_RULES[number % len(_RULES)]}\n" for number in range(1, 81)
)
"""About 6,600 bytes, which the simulator takes for 1,650 tokens: the house rules of a team that writes pages."""

_FACTS = "Name: {{ input.name }}\nArticle: {{ input.sku }}\nFacts: {{ input.facts }}\n"


@dataclass(frozen=True, slots=True)
class Way:
    """One way.

    Attributes:
        name: of the figures.
        dialect: that the account speaks.
        says: what the provider does, for the table.
        marks: whether the end of the static part is marked.
        slots_first: whether the template begins with its slots; else with what all jobs share.
    """

    name: str
    dialect: DialectName
    says: str
    marks: bool = False
    slots_first: bool = False

    @property
    def catalogue(self) -> str:
        """Give a catalogue with one model, at the prices of one whose writes cost 1.25 times its input."""
        version = "beta" if self.dialect == "gemini" else ""
        return f"""\
defaults: {{model: simulated}}
providers: {{simulator: {{dialect: {self.dialect}, base_url: "${{HEADCHEF_SIMULATOR_URL}}{version}"}}}}
lanes: {{default: {{provider: simulator}}}}
models:
  simulated:
    lane: default
    max_output_tokens: 1000
    cache_breakpoints: {str(self.marks).lower()}
    prices: {{input: 3, output: 15, cached_input: 0.30, cache_write: 3.75}}
"""


PRICES = {
    "HEADCHEF_SIMULATOR_INPUT_USD": "3",
    "HEADCHEF_SIMULATOR_CACHED_INPUT_USD": "0.30",
    "HEADCHEF_SIMULATOR_CACHE_WRITE_USD": "3.75",
    "HEADCHEF_SIMULATOR_OUTPUT_USD": "15",
}
"""The same prices, for the simulator's bill."""

WAYS = (
    Way("anthropic.marked", "anthropic", "caches up to marks", marks=True),
    Way("anthropic.unmarked", "anthropic", "caches up to marks, and is given none"),
    Way("openai.marked", "openai", "caches up to marks (GPT-5.6 and later)", marks=True),
    Way("openai.static-first", "openai", "caches by itself"),
    Way("openai.slots-first", "openai", "caches by itself", slots_first=True),
    Way("gemini.static-first", "gemini", "caches by itself"),
    Way("gemini.slots-first", "gemini", "caches by itself", slots_first=True),
)


def make_jobs(way: Way, count: int) -> Iterator[Job]:
    """Make jobs of one template, each about another product."""
    template = _FACTS + _INSTRUCTIONS if way.slots_first else _INSTRUCTIONS + _FACTS
    for number in range(count):
        body = {
            "job_id": f"caching-{way.name}-{number}",
            "prompt": template,
            "input": {
                "name": f"Garden chair {number}",
                "sku": f"GC-{number:06d}",
                "facts": f"beech, {40 + number % 20} cm high, {3 + number % 4}.5 kg, made in Norway",
            },
        }
        yield Job(str(body["job_id"]), json.dumps(body).encode())
