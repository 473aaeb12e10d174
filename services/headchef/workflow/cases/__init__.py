"""The cases that a workflow is tested with: their file, what stands in for its steps, and what must come of them."""

from headchef.workflow.cases.form import CaseEntry
from headchef.workflow.cases.golden import Goldens, golden_of
from headchef.workflow.cases.looking import asks_models
from headchef.workflow.cases.reading import CASES_ENDING, cases_file, load_cases
from headchef.workflow.cases.rehearsal import Rehearsal
from headchef.workflow.cases.standing_in import NoAnswer, StandIns
from headchef.workflow.cases.verdict import Difference, Used, differences

__all__ = [
    "CASES_ENDING",
    "CaseEntry",
    "Difference",
    "Goldens",
    "NoAnswer",
    "Rehearsal",
    "StandIns",
    "Used",
    "asks_models",
    "cases_file",
    "differences",
    "golden_of",
    "load_cases",
]
