"""A judge of equality as a job or workflow asks for it: its name and its arguments. Pure."""

from collections.abc import Iterator

from pydantic import ValidationError

from headchef_contracts.events.semantic import Comparison

from headchef.document import Place, messages_of
from headchef.equality.errors import BadJudge
from headchef.equality.port import Judge
from headchef.equality.registry import Registry
from headchef.extensions import NoSuchExtension


def read_judge(asked: Comparison, registry: Registry) -> Judge:
    """Make a judge of what asks for it.

    Args:
        asked: the judge's name and arguments.
        registry: has the judges.

    Raises:
        BadJudge: there is no such judge, or its arguments will not do; all of it is told.
    """
    try:
        kind = registry.named(asked.judge)
    except NoSuchExtension as error:
        raise BadJudge((("judge",), str(error))) from error
    if asked.arguments and not kind.model_fields:
        raise BadJudge((("arguments",), f"the judge {asked.judge} takes none"))
    try:
        return kind.model_validate(asked.arguments)
    except ValidationError as error:
        faults = [(("arguments", *place), message) for place, message in messages_of(error, kind)]
        raise BadJudge(*faults) from error


def faults_in(asked: Comparison, registry: Registry) -> Iterator[tuple[Place, str]]:
    """Name all that is wrong with what asks for a judge.

    Args:
        asked: the judge's name and arguments.
        registry: has the judges.

    Returns:
        Places within what asks, such as `arguments.relative`, and what would be right.
    """
    try:
        read_judge(asked, registry)
    except BadJudge as bad:
        yield from bad.faults
