"""In which order steps can run, which of them wait for each other, and which are of no use. Pure."""

from collections.abc import Collection, Iterable, Mapping


def ordered(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Put steps in an order in which each comes after what it needs, as far as there is one.

    Args:
        needs: which steps each step reads; names that are no step are passed over.

    Returns:
        All steps that wait for no circle, in the order in which they are given as far as possible.
    """
    done: dict[str, None] = {}
    left = list(needs)
    while True:
        ready = [step for step in left if all(need in done or need not in needs for need in needs[step])]
        if not ready:
            return tuple(done)
        done |= dict.fromkeys(ready)
        left = [step for step in left if step not in done]


def circle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Find steps that wait for each other.

    Args:
        needs: as `ordered`.

    Returns:
        Each step and after it one that it reads, the first once more in the end; empty if there is no circle.
    """
    done = set(ordered(needs))
    left = [step for step in needs if step not in done]
    if not left:
        return ()
    path = [left[0]]
    while True:
        following = next(step for step in needs if step in needs[path[-1]] and step not in done)
        if following in path:
            return (*path[path.index(following) :], following)
        path.append(following)


def reached(needs: Mapping[str, Collection[str]], ends: Iterable[str]) -> frozenset[str]:
    """Give all steps that something needs.

    Args:
        needs: as `ordered`.
        ends: what is needed for its own sake.
    """
    found: set[str] = set()
    left = [end for end in ends if end in needs]
    while left:
        step = left.pop()
        if step not in found:
            found.add(step)
            left += [need for need in needs[step] if need in needs]
    return frozenset(found)
