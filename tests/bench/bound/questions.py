"""The questions of CLINC150, and the orders in which they come."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

Order = Literal["random", "waves"]

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "clinc150.jsonl.gz"

WAVES = 5


class NoData(Exception):
    """The questions are not where they are looked for."""


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions.

    Attributes:
        texts: as they were asked.
        answers: a number for what each means; those with the same number may share an answer.
    """

    texts: Sequence[str]
    answers: Sequence[int]


def read_questions(path: Path) -> Questions:
    """Read them. Those that are out of scope have nothing in common: each has an answer of its own.

    Raises:
        NoData: there is no such file.
    """
    if not path.exists():
        raise NoData(
            f"{path} is not there: put CLINC150 there (github.com/clinc/oos-eval, data/data_full.json, CC BY 3.0) as"
            ' gzipped JSON such as {"text": "…", "intent": "translate"}, a line each, intent oos for none'
        )
    texts, answers = [], []
    numbers: dict[str, int] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            name = f"oos {number}" if row["intent"] == "oos" else row["intent"]
            texts.append(row["text"])
            answers.append(numbers.setdefault(name, len(numbers)))
    return Questions(texts, answers)


def ordered(answers: Sequence[int], order: Order, seed: int) -> list[int]:
    """Give the questions in the order in which they come.

    Args:
        answers: what they mean, by number.
        order: random; waves: what is asked about comes up in one of five waves, and is asked about from then on.
        seed: of chance.
    """
    chance = Random(seed)
    begins: dict[int, float] = {}
    if order == "waves":
        about = sorted(set(answers))
        chance.shuffle(about)
        begins = {answer: number * WAVES // len(about) / WAVES for number, answer in enumerate(about)}
    comes = [begins.get(answer, 0.0) for answer in answers]
    times = [begin + (1 - begin) * chance.random() for begin in comes]
    return sorted(range(len(answers)), key=times.__getitem__)
