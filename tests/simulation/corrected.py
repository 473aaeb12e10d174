"""What must hold where people have found answers wrong: none of them is given to anybody who asks afterwards."""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from headchef_contracts.events.cache_use import REUSED

from tests.simulation.correctors import ASKED_AGAIN
from tests.simulation.evidence import Evidence


def _a_wrong_answer_is_never_served_again(evidence: Evidence) -> Iterator[str]:
    """Check what was asked when everybody knew what was wrong."""
    for event in evidence.every("steps.completed"):
        cache, answer = event.data["cache"], event.data.get("answer")
        if event.job.run != ASKED_AGAIN or cache["kind"] not in REUSED or answer is None:
            continue
        text = answer["output"].get("inline")
        fingerprint = (
            cache["nearest"]["fingerprint"] if cache["kind"] == "semantic" else event.data["step"]["fingerprint"]
        )
        if text is not None and (fingerprint, hashlib.sha256(text.encode()).hexdigest()) in evidence.found_wrong:
            yield f"{event.job} was given an answer of {cache.get('source_job_id')} that had been found wrong"


def _what_is_found_wrong_is_withdrawn(evidence: Evidence) -> Iterator[str]:
    """Check that all that people have said is told to every cache in the end, and nothing else."""
    told = {(event.data["fingerprint"], text) for event in evidence.withdrawn for text in event.data.get("texts", ())}
    if told != evidence.found_wrong:
        yield f"{evidence.found_wrong - told} are wrong and not withdrawn, {told - evidence.found_wrong} the reverse"


CORRECTED: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "an answer that was found wrong is not served again": _a_wrong_answer_is_never_served_again,
    "what is found wrong is withdrawn": _what_is_found_wrong_is_withdrawn,
}
