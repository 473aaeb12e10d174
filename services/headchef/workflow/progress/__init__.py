"""How far a job has come through its workflow, and what is to be done next. Pure."""

from headchef.workflow.progress.ending import Ending
from headchef.workflow.progress.judging import Judge
from headchef.workflow.progress.progress import Progress
from headchef.workflow.progress.unit import Came, Lost, Outcome, Unit
from headchef.workflow.progress.work import Ask, Audit, Call, Fetch, Reserve, Retrieve, Review, Work

__all__ = [
    "Ask",
    "Audit",
    "Call",
    "Came",
    "Ending",
    "Fetch",
    "Judge",
    "Lost",
    "Outcome",
    "Progress",
    "Reserve",
    "Retrieve",
    "Review",
    "Unit",
    "Work",
]
