"""The one result of a job, whoever ends it: its event, what all its plans came to, and how long it took."""

from headchef.result.ending import Ending, ended, finish, publish
from headchef.result.totals import Came, total, total_usage

__all__ = ["Came", "Ending", "ended", "finish", "publish", "total", "total_usage"]
