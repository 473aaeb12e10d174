"""Fills the templates of a step with what is known, and gives what is to be done for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from headchef_contracts.events.semantic import SemanticUse

from headchef.schema import kind_of
from headchef.sources.wanted import Wanted
from headchef.template import Renderer, TemplateRefused
from headchef.workflow.form import (
    AuditEntry,
    CheckEntry,
    HttpEntry,
    HumanEntry,
    LlmEntry,
    PythonEntry,
    StepEntry,
)
from headchef.workflow.model import Workflow
from headchef.workflow.progress.reserving import reservation
from headchef.workflow.progress.retrieving import retrieval
from headchef.workflow.progress.unit import Unit
from headchef.workflow.progress.wording import Worded, worded
from headchef.workflow.progress.work import Ask, Audit, Call, Fetch, Retrieve, Review, Work
from headchef.workflow.retrieving import RetrieveEntry

Names = Mapping[str, Any]


class Filling:
    """Fills the steps of one workflow.

    Args:
        workflow: has the steps, prompts and schemas.
        renderer: fills templates.
    """

    def __init__(self, workflow: Workflow, renderer: Renderer) -> None:
        self._workflow = workflow
        self._renderer = renderer

    def value(self, source: Any, names: Names) -> Any:
        """Fill a value of any kind, in which texts may be templates. Raises TemplateRefused."""
        return self._renderer.filled(source, names)

    def work(self, unit: Unit, step: StepEntry, names: Names) -> Work:
        """Give what is to be done for a step or item.

        Args:
            unit: for which.
            step: how.
            names: what its templates may name.

        Raises:
            TemplateRefused: a template needs what is not there.
        """
        checks = self._checks(step.checks, names)
        if step.llm is not None:
            return self._ask(unit, step, step.llm, names, checks)
        if step.python is not None:
            return self._call(unit, step.python, names, checks)
        if step.audit is not None:
            return self._audit(unit, step.audit, names, checks)
        if step.http is not None:
            return Fetch(unit, self._wanted(step, step.http, names), checks)
        if step.reserve is not None:
            site, value = self.value(step.reserve.site, names), self.value(step.reserve.value, names)
            return reservation(unit, step.reserve.name, site, value, checks)
        if step.human is not None:
            return self._review(unit, step, step.human, names, checks)
        if step.retrieve is not None:
            return self._retrieve(unit, step, step.retrieve, names, checks)
        raise AssertionError(f"the form knows the kind {step.kind}, and nobody says what it does")

    def _ask(
        self, unit: Unit, step: StepEntry, llm: LlmEntry, names: Names, checks: Sequence[Mapping[str, Any]]
    ) -> Ask:
        defaults, prompts = self._workflow.file.defaults, self._workflow.prompts
        own = {"input": names["input"], **self.value(llm.with_values, names)}
        sources = {"prompt": prompts[str(llm.prompt)] if llm.text is None else llm.text}
        if llm.system is not None:
            sources["system"] = prompts[llm.system]
        filled = {field: self._renderer.render(source, own).text for field, source in sources.items()}
        return Ask(
            unit=unit,
            system=filled.get("system"),
            prompt=filled["prompt"],
            asked=llm
            if llm.model or llm.tier
            else llm.model_copy(update={"model": defaults.model, "tier": defaults.tier}),
            schema=self._workflow.schema(step.output.schema_name),
            checks=checks,
            retry=step.retry or defaults.retry,
            reuse=(step.cache or defaults.cache) == "exact",
            worded=None if step.semantic is None else self._worded(step.semantic, own, sources, filled),
        )

    def _worded(self, use: SemanticUse, own: Names, sources: Mapping[str, str], filled: Mapping[str, str]) -> Worded:
        values, names = own["input"], self._workflow.file.input.identity
        # The door lets no job in that leaves one out.
        identity = {name: values[name] for name in names}
        return worded(use, own, sources=sources, filled=filled, identity=identity, renderer=self._renderer)

    def _call(self, unit: Unit, python: PythonEntry, names: Names, checks: Sequence[Mapping[str, Any]]) -> Call:
        return Call(unit, python.call, self.value(python.with_values, names), python.timeout_s, checks)

    def _audit(self, unit: Unit, audit: AuditEntry, names: Names, checks: Sequence[Mapping[str, Any]]) -> Audit:
        facts = None if audit.facts is None else self.value(audit.facts, names)
        return Audit(unit, self.value(audit.target, names), facts, self._checks(audit.rules, names), checks)

    def _review(
        self, unit: Unit, step: StepEntry, human: HumanEntry, names: Names, checks: Sequence[Mapping[str, Any]]
    ) -> Review:
        document, schema = self.value(human.review, names), self._workflow.schema(step.output.schema_name)
        return Review(unit, document, human.within, human.otherwise, schema, checks)

    def _wanted(self, step: StepEntry, http: HttpEntry, names: Names) -> Wanted:
        address = self.value(http.get, names)
        if not isinstance(address, str):
            raise TemplateRefused(f"`get` must be an address, and is {kind_of(address)}")
        retry = step.retry or self._workflow.file.defaults.retry
        return Wanted(address, http.allow_hosts, http.read_as, http.max_kb * 1024, http.timeout_s, retry.transport)

    def _retrieve(
        self, unit: Unit, step: StepEntry, retrieve: RetrieveEntry, names: Names, checks: Sequence[Mapping[str, Any]]
    ) -> Retrieve:
        return retrieval(
            unit,
            retrieve.collection,
            self.value(retrieve.query, names),
            equal=self.value(retrieve.filters, names),
            top_k=retrieve.top_k,
            retries=(step.retry or self._workflow.file.defaults.retry).transport,
            checks=checks,
        )

    def _checks(self, entries: Sequence[CheckEntry], names: Names) -> list[Mapping[str, Any]]:
        """Fill the arguments of checks."""
        return [
            {"check": each.check, "path": each.path, **self.value(each.model_extra or {}, names)} for each in entries
        ]
