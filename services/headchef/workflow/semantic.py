"""Looks at steps whose answers may serve other wordings: that their free texts are such, and hold no identity. Pure.

What makes jobs differ (`input.identity`) must be equal, and what is compared by its meaning is not. So no free text may
hold any of it, however many steps lie in between.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from headchef.document import Place
from headchef.equality import Registry, faults_in
from headchef.template import Read, Reads, misuse_of
from headchef.workflow.form import LlmEntry, StepEntry, WorkflowFile


@dataclass(frozen=True, slots=True)
class StepReads:
    """What a step reads.

    Attributes:
        texts: of its templates, by their places in the step.
        prompts: of its prompts, by the names of their files, or `text`.
    """

    texts: Mapping[Place, Reads]
    prompts: Mapping[str, Reads]


@dataclass(frozen=True, slots=True)
class SemanticFault:
    """What is wrong with a step's `semantic`.

    Attributes:
        place: in the step.
        message: what is wrong, and what would be right.
        prompt: the file in which it is to be put right; None for the workflow's own.
        line: in that file's template, from 1.
    """

    place: Place
    message: str
    prompt: str | None = None
    line: int = 0


class FreeTexts:
    """Looks at the free texts of steps.

    Args:
        file: the workflow.
        steps: by id.
        reads: what each of them reads.
        judges: of equality, that there are.
    """

    def __init__(
        self,
        file: WorkflowFile,
        steps: Mapping[str, StepEntry],
        reads: Mapping[str, StepReads],
        judges: Registry,
    ) -> None:
        self._file = file
        self._judges = judges
        self._steps = steps
        self._reads = reads

    def faults(self, step: StepEntry) -> Iterator[SemanticFault]:
        """Say all that is wrong with a step's `semantic`."""
        use, llm = step.semantic, step.llm
        if use is None:
            return
        if llm is None:
            yield SemanticFault(("semantic",), f"belongs to a question to a model, and this step is {step.kind}")
            return
        if (step.cache or self._file.defaults.cache) == "bypass":
            yield SemanticFault(("semantic",), "no earlier answer serves with `cache: bypass`: leave one of them out")
        for where, message in faults_in(use.compare, self._judges):
            yield SemanticFault(("semantic", "compare", *where), message)
        if use.identity:
            message = "a workflow says this once for all its steps: name the fields in `input.identity`"
            yield SemanticFault(("semantic", "identity"), message)
        for number, name in enumerate(use.free_text):
            place = ("semantic", "free_text", number)
            if name not in llm.with_values:
                known = ", ".join(llm.with_values) or "nothing"
                yield SemanticFault(place, f"{name!r} is no value of `with`, which has {known}")
            elif name in use.free_text[:number]:
                yield SemanticFault(place, f"{name!r} is named twice: once is enough")
            else:
                yield from self._fault(step, llm, name, place)

    def _fault(self, step: StepEntry, llm: LlmEntry, name: str, place: Place) -> Iterator[SemanticFault]:
        reads = self._reads[step.id]
        held = [reads.texts[each] for each in reads.texts if each[:3] == ("llm", "with", name)]
        if not isinstance(llm.with_values[name], str):
            yield SemanticFault(("llm", "with", name), "is a free text of `semantic`, and must be a text")
        if (way := self._to_identity(step, held, frozenset())) is not None:
            message = (
                f"{name!r} holds {way}: what makes jobs differ must be equal, and a free text is compared by its"
                " meaning; leave it out here"
            )
            yield SemanticFault(place, message)
        for prompt, each in reads.prompts.items():
            misuse = misuse_of((name,), each)
            if misuse is not None and prompt == "text":
                yield SemanticFault(("llm", "text"), f"line {misuse.line} {misuse.message}")
            elif misuse is not None:
                yield SemanticFault(place, misuse.message, prompt, misuse.line)

    def _to_identity(self, step: StepEntry, held: Iterable[Reads], passed: Collection[str]) -> str | None:
        """Say by what way some templates of a step hold a field that makes jobs differ; None if they hold none."""
        for read in (read for each in held for read in each.reads):
            found = None
            if read.root == "input":
                found = self._identity_in(read)
            elif read.root == "steps" and read.path and str(read.path[0]) not in passed:
                found = self._by_way_of(str(read.path[0]), passed)
            elif step.for_each is not None and read.root == step.for_each.name:
                found = self._to_identity(step, [self._reads[step.id].texts["for_each", "in"]], passed)
            if found is not None:
                return found
        return None

    def _identity_in(self, read: Read) -> str | None:
        """Say which field that makes jobs differ is read from the input, if any is."""
        identity = self._file.input.identity
        if read.path:
            return f"input.{read.path[0]}, which is in `input.identity`" if read.path[0] in identity else None
        return f"all of the input, and so {identity[0]}, which is in `input.identity`" if identity else None

    def _by_way_of(self, source: str, passed: Collection[str]) -> str | None:
        """Say what of that kind a step's output is made from, if anything is."""
        if source not in self._reads:
            return None
        step, reads = self._steps[source], self._reads[source]
        found = self._to_identity(step, reads.texts.values(), {*passed, source})
        # Prompts name the input, and what stands under `with`, which has been looked at.
        of_input = (read for each in reads.prompts.values() for read in each.reads if read.root == "input")
        found = found or next(filter(None, map(self._identity_in, of_input)), None)
        return None if found is None else f"{found}, by way of steps.{source}"
