"""What upstream systems submit in a world: jobs of all kinds, most of them good, drawn from the seed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Literal, Protocol

import orjson

from headchef_contracts import cloudevents
from headchef_contracts.events.common import JOB_CLASSES
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.placement import home_partition

from headchef.runtime.log.port import Headers
from tests.simulation.images import drawn_images
from tests.simulation.order import order_of
from tests.simulation.reserving import TITLED, drawn_claims
from tests.simulation.seeking import GUIDED, drawn_search
from tests.simulation.services import ACCOUNTS, CATALOGUE, RETRIEVER
from tests.simulation.submission import DOORS, Submission
from tests.simulation.taste import SCHEMA, wanted_after, wanted_by
from tests.simulation.workflows import SIGNED, drawn_deadline_s, drawn_input
from tests.support.builders import make_job
from tests.support.virtual_time import START

TENANTS = ("acme", "globex")
BATCHES = tuple(f"batch-{number}" for number in range(4))
TEAMS = ("red", "blue")
OTHERS = {ACCOUNTS: TITLED, RETRIEVER: GUIDED}
"""Workflows whose jobs have an input of their own, by the service that a world must have for them."""
_ASKING = 8
"""Of all kinds together: the weight of jobs through workflows where some ask people."""

_SYSTEM_PROMPT = "Be brief."
"""Of every third job, so that a provider may cache it; short, so that as many records as before fit into a batch."""

_TIERS = ("good", None, "small", None, "blind", None, None)
"""Which tier is asked by jobs that name no model, by their number; without chance, so that worlds draw as before."""


class Drawing(Protocol):
    """Who submits something to a world."""

    def draw(self) -> Submission:
        """Give the next submission."""
        ...


class Upstream:
    """Draws submissions.

    Args:
        chance: decides what comes next.
        counts: of the partitions of both front doors, one after the other if it grows. A job whose home moves then is
            submitted once: duplicates are recognised as long as the topic keeps its number of partitions.
        workflows: that some jobs go through, by their names.
        others: such workflows out of `OTHERS`.
    """

    def __init__(
        self, chance: Random, counts: Sequence[int], workflows: Sequence[str], others: Sequence[str] = ()
    ) -> None:
        self._chance = chance
        self._counts = counts
        self._earlier: list[dict[str, Any]] = []
        self._doors: dict[str, str] = {}
        self._number = 0
        kinds: dict[Callable[[], Submission], int] = {
            self._fresh: 24,
            self._repeated: 14,
            self._twin: 7,
            self._conflicting: 4,
            self._rerun: 3,
            self._misplaced: 5,
            self._structured_event: 2,
            self._hostile_headers: 3,
            self._refusing_headers: 2,
            self._not_json: 3,
            self._poison: 4,
            self._tombstone: 1,
        }
        self._workflows = workflows
        if workflows:
            kinds[self._through_a_workflow] = _ASKING if SIGNED in workflows else 2
        if TITLED in others:
            kinds[self._reserving] = 16
        if GUIDED in others:
            kinds[self._seeking] = 8
        self._kinds, self._weights = list(kinds), list(kinds.values())

    def draw(self) -> Submission:
        """Give the next submission."""
        made = self._through_a_door(self._chance.choices(self._kinds, self._weights)[0]())
        if made.kind == "job" and made.payload is not None and len(homes_of(made.payload, self._counts)) == 1:
            self._earlier.append(made.payload)
        return made

    def _through_a_door(self, made: Submission) -> Submission:
        """Put all that has one job id through one door: which of two doors is read first is nobody's promise.

        A copy of a job of which there is nothing else may take the other door, and is the last that comes of it.
        """
        job_id = None if made.payload is None else made.payload["job_id"]
        chosen = self._doors.setdefault(job_id, self._chance.choice(DOORS)) if job_id else self._chance.choice(DOORS)
        again = [each for each in self._earlier if each["job_id"] == job_id]
        if [made.payload] == again and self._chance.random() < 0.5:
            self._earlier.remove(again[0])
            return replace(made, kind="copy", door=next(door for door in DOORS if door != chosen))
        return replace(made, door=chosen)

    def _fresh(self) -> Submission:
        return self._placed(self._showing(self._job(f"Write about car {self._number}.")))

    def _repeated(self) -> Submission:
        earlier = self._an_earlier_job()
        if earlier is None or "prompt" not in earlier:
            return self._fresh()
        names = ("input", "model", "tier", "system", "images")
        again = self._job(earlier["prompt"], plain=True) | {name: earlier[name] for name in names if name in earlier}
        if "tier" in again:
            again.pop("model", None)
        # The same question by who wants something else of its answer: checks are no part of what is asked.
        again = self._wanting(again, of_form="schema" in earlier.get("output", ()))
        # The same words with other images, or with none, are another question.
        return self._placed(self._showing(again) if self._number % 2 else again)

    def _twin(self) -> Submission:
        earlier = self._an_earlier_job()
        if earlier is None:
            return self._fresh()
        return self._placed(dict(reversed(earlier.items())))

    def _conflicting(self) -> Submission:
        earlier = self._an_earlier_job()
        if earlier is None:
            return self._fresh()
        self._number += 1
        asked = "prompt" if "prompt" in earlier else "subject"
        return self._placed(earlier | {asked: f"Other content {self._number}."})

    def _rerun(self) -> Submission:
        earlier = self._an_earlier_job()
        if earlier is None:
            return self._fresh()
        again = {"run": earlier.get("run", 0) + 1} if self._chance.random() < 0.5 else {"revision": self._number + 1}
        return self._placed(earlier | again)

    def _misplaced(self) -> Submission:
        job = self._job(f"Misplaced {self._number}.")
        key = None if self._chance.random() < 0.5 else b"somebody else's key"
        return Submission(_json(job), "job", job, key, self._chance.randrange(self._counts[0]))

    def _structured_event(self) -> Submission:
        job = self._job(f"In an envelope {self._number}.")
        about = {"specversion": "1.0", "id": str(self._number), "source": "/upstream", "type": JobSubmitted.event_type}
        headers: Headers = (("content-type", cloudevents.STRUCTURED_CONTENT_TYPE.encode()),)
        return Submission(_json({**about, "data": job}), "job", job, job["job_id"].encode(), None, headers)

    def _hostile_headers(self) -> Submission:
        job = self._job(f"With strange headers {self._number}.")
        headers: Headers = self._chance.choice(
            (
                (("traceparent", b"\xff\x00" * 20), ("", None)),
                (("headchef-event-id", b"forged"), ("headchef-forwarded-to", b"99"), ("headchef-event-id", None)),
                (("kafka_original-topic", b"lies"), ("headchef-reason", b"\xc3\x28")),
            )
        )
        return Submission(_json(job), "job", job, None, self._chance.randrange(self._counts[0]), headers)

    def _refusing_headers(self) -> Submission:
        job = self._job(f"With refused headers {self._number}.")
        headers: Headers = self._chance.choice(
            (
                (("ce_id", b"half an event"),),
                (("ce_specversion", b"1.0"), ("ce_type", b"other"), ("ce_source", b"/s"), ("ce_id", b"\xff")),
                (("heavy", b"x" * 20_000),),
            )
        )
        # One that is too large is refused before its job can be read, and so where it lies.
        readable = job if len(str(headers)) < 10_000 else None
        return Submission(_json(job), "refused", readable, job["job_id"].encode(), None, headers)

    def _not_json(self) -> Submission:
        self._number += 1
        broken = self._chance.choice(('{{"job_id": "broken-{0}"', "not json {0}", '["array {0}"]', "\0\0\0{0}"))
        return Submission(broken.format(self._number).encode(), "refused", None, b"any")

    def _poison(self) -> Submission:
        job = self._job(f"Poison {self._number}.", plain=True)
        wrong: dict[str, Any] = self._chance.choice(
            (
                {"prompt": 7},
                {"promt": "a typo"},
                {"run": "first"},
                {"model": "no-such-model"} if self._number % 2 else {"tier": "no-such-tier"},
                {"prompt": "{{ input.", "input": {"name": "x"}},
                {"output": {"schema": {"type": "nonsense"}}},
                {"output": {"checks": [{"check": "no_such_check"}]}},
                {"output": {"schema": SCHEMA, "checks": [{"check": "chars", "path": "titel", "max": 9}]}},
                {"job_id": ""},
            )
        )
        job |= wrong
        return self._placed(job, "refused")

    def _through_a_workflow(self) -> Submission:
        workflow = self._chance.choice(self._workflows)
        return self._led(workflow, drawn_input(self._chance, self._number + 1))

    def _reserving(self) -> Submission:
        """Let a new job want what others have, or one run again that has it perhaps, and that may be too late now."""
        earlier = [each for each in self._earlier if each.get("workflow") == TITLED]
        if earlier and self._chance.random() < 0.3:
            chosen = self._chance.choice(earlier)
            again = chosen | {"run": chosen.get("run", 0) + 1}
            return self._placed(again | ({"deadline": START.isoformat()} if self._chance.random() < 0.5 else {}))
        return self._led(TITLED, drawn_claims(self._chance, self._number + 1))

    def _seeking(self) -> Submission:
        return self._led(GUIDED, drawn_search(self._chance, self._number + 1, TENANTS))

    def _led(self, workflow: str, values: dict[str, Any]) -> Submission:
        job = self._job("", plain=True)
        kept: dict[str, Any] = {
            name: job[name] for name in ("job_id", "tenant", "batch_id", "labels", "cache_tags", "class") if name in job
        }
        job = kept | {"workflow": workflow, "input": values}
        if (deadline_s := drawn_deadline_s(self._chance)) is not None:
            job["deadline"] = (START + timedelta(seconds=deadline_s)).isoformat()
        return self._placed(job)

    def _tombstone(self) -> Submission:
        return Submission(None, "skipped", None, b"job-1")

    def _job(self, prompt: str, *, plain: bool = False) -> dict[str, Any]:
        """Make a job with an id of its own, and unless it is plain perhaps with something special."""
        self._number += 1
        job = make_job(f"job-{self._number}", prompt, tenant=self._chance.choice(TENANTS))
        team = TEAMS[self._number // 2 % 2]
        job |= {"batch_id": BATCHES[self._number % len(BATCHES)], "labels": {"team": team}, "cache_tags": [team]}
        if self._chance.random() < 0.3:
            job["class"] = self._chance.choice(JOB_CLASSES)
        job |= self._whom(plain=plain)
        if not plain and self._number % 3 == 0:
            job["system"] = _SYSTEM_PROMPT
        draw = 1.0 if plain else self._chance.random()
        if draw < 0.3:
            job = self._wanting(job, of_form=True)
        elif draw < 0.4:
            job |= {"prompt": "About {{ input.name }}.", "input": {"name": f"model {self._chance.randrange(4)}"}}
            job = self._wanting(job, of_form=False)
        elif draw < 0.45:
            job["cache"] = "bypass"
        elif draw < 0.5:
            job["conversation_id"] = f"conversation-{self._chance.randrange(3)}"
        elif draw < 0.55:
            job["deadline"] = (START + timedelta(seconds=self._chance.uniform(0, 20))).isoformat()
        return job

    def _wanting(self, job: dict[str, Any], *, of_form: bool) -> dict[str, Any]:
        """Let a job want something of its answer, or perhaps nothing; and in time, where it is one of those."""
        output, soon_s = wanted_by(self._number, of_form=of_form), wanted_after(self._number)
        soon = {} if soon_s is None else {"deadline": (START + timedelta(seconds=soon_s)).isoformat()}
        return job | ({"output": output} if output else {}) | soon

    def _whom(self, *, plain: bool) -> dict[str, str]:
        """Name a model, unless a job is plain perhaps a tier, or nobody, which asks the default."""
        if self._chance.random() < 0.5:
            return {"model": self._chance.choice(list(CATALOGUE.models))}
        tier = None if plain else _TIERS[self._number % len(_TIERS)]
        return {} if tier is None else {"tier": tier}

    def _showing(self, job: dict[str, Any]) -> dict[str, Any]:
        """Show images in some jobs, and none in the others."""
        images = drawn_images(self._number)
        return {**job, "images": images} if images else {name: job[name] for name in job if name != "images"}

    def _an_earlier_job(self) -> dict[str, Any] | None:
        return self._chance.choice(self._earlier) if self._earlier else None

    def _placed(self, job: dict[str, Any], kind: Literal["job", "refused"] = "job") -> Submission:
        """Put a job where a Java client does, with its id as key; one that nobody may be asked for is refused."""
        if kind == "job" and not order_of(job):
            kind = "refused"
        return Submission(_json(job), kind, job, job["job_id"].encode())


def homes_of(payload: dict[str, Any], counts: Iterable[int]) -> frozenset[int]:
    """Give the partition that a job belongs to under each count of partitions; none where no job id can be read."""
    if not payload["job_id"]:
        return frozenset()
    return frozenset(home_partition(payload["job_id"], payload.get("conversation_id"), count) for count in counts)


def _json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value)
