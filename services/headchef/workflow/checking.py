"""Holds a workflow together: what its templates read, what its steps wait for, and that all of it is of use."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from headchef import equality
from headchef.checks import Registry, faults_in
from headchef.document import Document, Fault, Place
from headchef.schema import ANYTHING, NoSuchPath, Shape, follow, shape_of
from headchef.sources.address import host_of, permitted, read_address
from headchef.sources.errors import FetchFailed
from headchef.template import Reads, TemplateRefused, reads_of, templates_in
from headchef.workflow.errors import FaultIn
from headchef.workflow.form import CheckEntry, HttpEntry, LlmEntry, StepEntry, WorkflowFile
from headchef.workflow.gathering import Gathered
from headchef.workflow.model import result_of, steps_of
from headchef.workflow.order import circle, reached
from headchef.workflow.outputs import output_of, output_of_one
from headchef.workflow.scope import Scope
from headchef.workflow.semantic import FreeTexts, StepReads
from headchef.workflow.texts import Text, texts_of

_NOTHING = Reads((), is_value=False, whole=None)


class Checking:
    """One look through a workflow; faults are gathered, and none hides another.

    Args:
        path: the workflow file.
        document: what it holds, with places.
        file: the same, in its form.
        gathered: the files that it names.
        checks: those that there are.

    Attributes:
        faults: what was found.
        needs: which steps each step reads.
    """

    def __init__(
        self, path: Path, document: Document, file: WorkflowFile, gathered: Gathered, checks: Registry
    ) -> None:
        self.faults: list[FaultIn] = []
        self._path = path
        self._document = document
        self._file = file
        self._gathered = gathered
        self._checks_known = checks
        self._steps = steps_of(file)
        self._reads: dict[str, StepReads] = {}
        self.needs: dict[str, set[str]] = {step.id: set() for step in self._steps}

    def run(self) -> None:
        """Look at everything."""
        self._ids()
        if self.faults:
            # Which of two steps is meant nobody knows, and what else could be said would follow from that.
            return
        self._budget()
        outside = Scope({"input": self._input()}, {step.id: self._output(step) for step in self._steps})
        for number, step in enumerate(self._steps):
            self._step(step, () if self._file.prompt else ("steps", number), outside)
        for number, step in enumerate(self._steps):
            self._semantic(step, ("steps", number))
        result = result_of(self._file)
        wanted = self._text(Text((), result.value), ("result", "from"), outside)
        self._order(_steps_in([wanted]))

    def _fault(self, place: Place, message: str) -> None:
        self.faults.append(FaultIn(self._path, self._document.fault(place, message)))

    def _ids(self) -> None:
        first: dict[str, int] = {}
        for number, step in enumerate(self._steps):
            if step.id in first:
                line = self._document.line_of(("steps", first[step.id], "id"))
                self._fault(("steps", number, "id"), f"{step.id!r} is the id of another step too, on line {line}")
            first.setdefault(step.id, number)

    def _budget(self) -> None:
        budget = self._file.budget
        if budget.on_exceed == "finish_cheaper" and budget.usd is None:
            message = "finish_cheaper needs `usd` beside it: a cheaper model takes no fewer tokens"
            self._fault(("budget", "on_exceed"), message)

    def _input(self) -> Shape:
        name = self._file.input.schema_name
        shape = shape_of(self._gathered.schemas[name]) if name in self._gathered.schemas else ANYTHING
        for number, field in enumerate(self._file.input.identity):
            found = follow(shape, [field])
            if isinstance(found, NoSuchPath):
                self._fault(("input", "identity", number), f"input {found.message}")
        return shape

    def _output(self, step: StepEntry) -> Shape:
        return output_of(step, self._gathered.schemas)

    def _step(self, step: StepEntry, place: Place, outside: Scope) -> None:
        texts, inside = list(texts_of(step)), outside
        seen = {text.place: self._text(text, place, outside) for text in texts if not text.of_item}
        if step.for_each is not None:
            listed = outside.shape_of(seen["for_each", "in"])
            inside = outside.with_name(step.for_each.name, self._item(listed, step, place))
        seen |= {text.place: self._text(text, place, inside) for text in texts if text.of_item}
        self._checks(step.checks, (*place, "checks"), output_of_one(step, self._gathered.schemas))
        if step.audit is not None:
            target = inside.shape_of(seen["audit", "target"])
            given = () if step.audit.facts is None else ("against",)
            self._checks(step.audit.rules, (*place, "audit", "rules"), target, given)
        if step.reserve is not None:
            for field in ("site", "value"):
                self._is_text(inside.shape_of(seen["reserve", field]), (*place, "reserve", field))
        if step.http is not None:
            self._source(step.http, (*place, "http", "get"))
        prompts: dict[str, Reads] = {}
        if step.llm is not None:
            prompts = self._asked(step, step.llm, (*place, "llm") if self._file.prompt is None else (), inside, seen)
        self._reads[step.id] = StepReads(seen, prompts)
        self.needs[step.id] |= _steps_in(seen.values())

    def _checks(self, entries: Sequence[CheckEntry], place: Place, shape: Shape, given: Collection[str] = ()) -> None:
        """Look at what is checked in values of a shape; arguments that are templates or given are not known yet."""
        for number, entry in enumerate(entries):
            own = entry.model_extra or {}
            later = {*given, *(name for name, value in own.items() if templates_in(value))}
            asked = {"check": entry.check, "path": entry.path, **own}
            for fault in faults_in(asked, self._checks_known, shape, later=later):
                self._fault((*place, number, *fault.place), fault.message)

    def _source(self, http: HttpEntry, place: Place) -> None:
        """Look at an address that is no template; what another one will be is not known yet."""
        if not templates_in(http.get):
            try:
                permitted(read_address(http.get), [host_of(entry) for entry in http.allow_hosts])
            except FetchFailed as failed:
                self._fault(place, failed.message)

    def _is_text(self, shape: Shape, place: Place) -> None:
        """See that what a template stands for may be a text."""
        if (kinds := shape.kinds()) and "string" not in kinds:
            self._fault(place, f"is {' or '.join(sorted(kinds))}, and a text is wanted")

    def _item(self, listed: Shape, step: StepEntry, place: Place) -> Shape:
        """Give the shape of an item of a list."""
        kinds = listed.kinds()
        if kinds and "array" not in kinds:
            self._fault((*place, "for_each", "in"), f"is {' or '.join(sorted(kinds))}, and a list is wanted")
            return ANYTHING
        item = follow(listed, [0])
        if isinstance(item, NoSuchPath):
            return ANYTHING
        key = step.for_each.key if step.for_each else None
        if key is not None:
            found = follow(item, [key])
            if isinstance(found, NoSuchPath):
                self._fault((*place, "for_each", "key"), f"an item {found.message}")
        return item

    def _text(self, text: Text, place: Place, scope: Scope) -> Reads:
        """Look at one template of the file, and give what it reads."""
        here = (*place, *text.place)
        try:
            found = reads_of(text.source)
        except TemplateRefused as refused:
            self._fault(here, str(refused))
            return _NOTHING
        if text.wants is not None and not found.is_value:
            self._fault(here, f"must be one {{{{ … }}}} and nothing else, which stands for {text.wants}")
        for read in found.reads:
            if (fault := scope.fault_of(read)) is not None:
                self._fault(here, fault)
        return found

    def _semantic(self, step: StepEntry, place: Place) -> None:
        """Look at what a step says of other wordings, once it is known what all steps read."""
        looking = FreeTexts(self._file, {each.id: each for each in self._steps}, self._reads, equality.installed())
        for found in looking.faults(step):
            if found.prompt is None:
                self._fault((*place, *found.place), found.message)
            else:
                self.faults.append(
                    FaultIn(self._gathered.prompts[found.prompt].path, _in_file(found.line, found.message))
                )

    def _asked(
        self, step: StepEntry, llm: LlmEntry, place: Place, inside: Scope, seen: dict[Place, Reads]
    ) -> dict[str, Reads]:
        """Look at a step's prompts, which know the input and what stands under `with`; give what they read."""
        given = {
            name: inside.shape_of(seen[("llm", "with", name)]) if ("llm", "with", name) in seen else ANYTHING
            for name in llm.with_values
        }
        scope = Scope({"input": inside.names["input"], **given}, None)
        for name in () if step.semantic is None else step.semantic.free_text:
            self._is_text(given.get(name, ANYTHING), (*place, "with", name))
        found: dict[str, Reads] = {}
        if llm.text is not None:
            found["text"] = self._text(Text(("text",), llm.text), place, scope)
        named = [name for name in (llm.prompt, llm.system) if name is not None]
        for name in named:
            if (reads := self._prompt(name, scope)) is not None:
                found[name] = reads
        if all(name in found for name in named):
            used = {read.root for reads in found.values() for read in reads.reads}
            for name in llm.with_values:
                if name not in used:
                    self._fault((*place, "with", name), "is given to the prompt, and the prompt does not use it")
        return found

    def _prompt(self, name: str, scope: Scope) -> Reads | None:
        """Look at a prompt's file; None where it cannot be read."""
        prompt = self._gathered.prompts.get(name)
        if prompt is None:
            return None
        try:
            found = reads_of(prompt.text)
        except TemplateRefused as refused:
            self.faults.append(FaultIn(prompt.path, Fault(1, "", f"after its first line, {refused}")))
            return None
        for read in found.reads:
            if (fault := scope.fault_of(read)) is not None:
                self.faults.append(FaultIn(prompt.path, _in_file(read.line, fault)))
        return found

    def _order(self, wanted: Iterable[str]) -> None:
        where = {step.id: number for number, step in enumerate(self._steps)}
        if round_ := circle(self.needs):
            self._fault(("steps", where[round_[0]]), f"waits for itself: {' needs '.join(round_)}")
        for_itself = [step.id for step in self._steps if step.human is not None or step.reserve is not None]
        of_use = reached(self.needs, [*wanted, *for_itself])
        for number, step in enumerate(self._steps):
            if step.id not in of_use:
                message = f"nothing uses steps.{step.id}: let the result, or what it needs, read it, or leave it out"
                self._fault(("steps", number, "id"), message)


def _in_file(line: int, message: str) -> Fault:
    """Give a fault of a prompt's template: the first line of its file, which states the version, is no part of it."""
    return Fault(line + 1, "", message)


def _steps_in(found: Iterable[Reads]) -> set[str]:
    return {str(read.path[0]) for reads in found for read in reads.reads if read.root == "steps" and read.path}
