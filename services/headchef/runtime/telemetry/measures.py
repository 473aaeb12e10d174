"""Every metric of the product: its name, kind, unit and meaning.

Names follow the OpenTelemetry semantic conventions 1.44 where those have one (`messaging.*`, `gen_ai.*`); ours start
with `headchef.`. The attributes in brackets are what the runtime and the services set.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

CounterName = Literal[
    "messaging.client.sent.messages",
    "messaging.client.consumed.messages",
    "headchef.deliveries.retried",
    "headchef.dead_letters",
    "headchef.records.lost",
    "headchef.records.skipped",
    "headchef.records.forwarded",
    "headchef.broadcasts.refused",
    "headchef.timers.fired",
    "headchef.commits",
    "headchef.aborts",
    "headchef.rebalances",
    "headchef.tasks.restored",
    "headchef.tasks.given_up",
    "headchef.jobs.accepted",
    "headchef.jobs.duplicates",
    "headchef.jobs.refused",
    "headchef.jobs.finished",
    "headchef.steps.replanned",
    "headchef.steps.handed_over",
    "headchef.steps.repaired",
    "headchef.steps.enlarged",
    "headchef.steps.moved",
    "headchef.steps.stray",
    "headchef.cache.lookups",
    "headchef.cache.stored",
    "headchef.cache.dropped",
    "headchef.cache.corrected",
    "headchef.cache.evicted",
    "headchef.cache.outdated",
    "headchef.cache.unsure",
    "headchef.cache.refilled",
    "headchef.cache.failures",
    "headchef.cache.saved_cost",
    "headchef.cache.guesses",
    "headchef.cache.labels",
    "headchef.judgements",
    "headchef.cache.questions",
    "headchef.cache.parked",
    "headchef.cache.answered",
    "headchef.cache.released",
    "headchef.embedding.requests",
    "headchef.embedding.tokens",
    "headchef.embedding.cost",
    "headchef.provider.attempts",
    "headchef.provider.cost",
    "headchef.provider.cache_tokens",
    "headchef.findings",
    "headchef.reviews.asked",
    "headchef.reviews.closed",
    "headchef.commands.refused",
    "headchef.batches.finished",
    "headchef.batches.late",
    "headchef.batches.paused",
    "headchef.reservations.granted",
    "headchef.reservations.refused",
    "headchef.reservations.released",
    "headchef.bodies.read",
    "headchef.bodies.written",
    "headchef.bodies.faults",
    "headchef.budgets.waited",
    "headchef.budgets.refused",
    "headchef.budgets.repeated",
    "headchef.pools.repeated",
    "headchef.pools.unasked",
]

HistogramName = Literal[
    "messaging.client.operation.duration",
    "messaging.process.duration",
    "gen_ai.client.operation.duration",
    "gen_ai.client.token.usage",
    "headchef.hop.duration",
    "headchef.job.duration",
    "headchef.job.overhead",
    "headchef.restore.duration",
    "headchef.transaction.records",
    "headchef.cache.duration",
    "headchef.function.duration",
    "headchef.fetch.duration",
    "headchef.retrieval.duration",
]

GaugeName = Literal[
    "headchef.lag",
    "headchef.unfinished.oldest_age",
    "headchef.unfinished.retention_used",
    "headchef.in_flight",
    "headchef.in_flight.oldest_age",
    "headchef.watermark.span",
    "headchef.paused",
    "headchef.tasks.owned",
    "headchef.queue.depth",
    "headchef.store.entries",
    "headchef.provider.in_flight",
    "headchef.held",
    "headchef.catalog.in_force",
    "headchef.catalog.refused",
    "headchef.brakes.set",
    "headchef.cache.invalidations",
    "headchef.cache.invalidations_age",
    "headchef.lane.concurrency",
    "headchef.lane.halted",
    "headchef.lane.left",
    "headchef.lane.resting",
]


class Measure(NamedTuple):
    """How one metric is counted, in the units of UCUM, and what it means."""

    unit: str
    meaning: str
    buckets: tuple[float, ...] | None = None


# Both from the semantic conventions' advice for these very metrics.
_MESSAGING_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_GEN_AI_S = tuple(0.01 * 2**n for n in range(14))
_TOKENS = tuple(float(4**n) for n in range(14))
# A hop takes milliseconds, a job that waits for its quota minutes: 1 ms to 35 min in steps of two.
_WIDE_S = tuple(0.001 * 2**n for n in range(22))
_RECORDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0)

COUNTERS: Mapping[CounterName, Measure] = {
    "messaging.client.sent.messages": Measure("{message}", "records written, state included [destination]"),
    "messaging.client.consumed.messages": Measure("{message}", "records handed to a handler [destination]"),
    "headchef.deliveries.retried": Measure("{record}", "deliveries repeated after a fault that may pass [reason]"),
    "headchef.dead_letters": Measure("{record}", "records written to dead letters [topic, reason]"),
    "headchef.records.lost": Measure("{offset}", "offsets that expired unread, named in a dead letter [topic]"),
    "headchef.records.skipped": Measure("{record}", "null values passed over [topic]"),
    "headchef.records.forwarded": Measure("{record}", "misplaced records sent on to their home [topic]"),
    "headchef.broadcasts.refused": Measure("{record}", "records of a broadcast not taken up [topic, reason]"),
    "headchef.timers.fired": Measure("{timer}", "timers that went off"),
    "headchef.commits": Measure("{commit}", "commits of a task's place, with or without a transaction"),
    "headchef.aborts": Measure("{transaction}", "transactions made void"),
    "headchef.rebalances": Measure("{rebalance}", "joins of the group that ended with a share"),
    "headchef.tasks.restored": Measure("{task}", "tasks that were taken over and are running"),
    "headchef.tasks.given_up": Measure("{task}", "tasks that were stopped here [reason: drained, fenced, broken]"),
    "headchef.jobs.accepted": Measure("{job}", "jobs taken on [class]"),
    "headchef.jobs.duplicates": Measure("{job}", "submissions dropped because job and content were known"),
    "headchef.jobs.refused": Measure("{job}", "records refused at the door [reason]"),
    "headchef.jobs.finished": Measure("{job}", "results published [status, model]"),
    "headchef.steps.replanned": Measure("{step}", "steps planned again because a reused answer failed their checks"),
    "headchef.steps.handed_over": Measure(
        "{step}", "steps whose model failed, or was rejected twice, planned for its next candidate [from, to, reason]"
    ),
    "headchef.steps.repaired": Measure("{step}", "steps whose answer was rejected, planned for the same model [model]"),
    "headchef.steps.enlarged": Measure("{step}", "steps whose answer was cut off, planned with more room [model]"),
    "headchef.steps.moved": Measure("{step}", "steps moved out of partitions that their lane does not use [lane]"),
    "headchef.steps.stray": Measure(
        "{step}", "steps of workflows that ended when their job was over, or a second time; only at least once"
    ),
    "headchef.cache.lookups": Measure(
        "{lookup}", "looks into the cache [kind: exact, semantic, coalesced, miss, bypass, unavailable]"
    ),
    "headchef.cache.stored": Measure("{answer}", "accepted answers stored"),
    "headchef.cache.corrected": Measure("{answer}", "answers that a person has said were wrong"),
    "headchef.cache.dropped": Measure("{answer}", "accepted answers not stored because the store was away"),
    "headchef.cache.evicted": Measure("{answer}", "answers removed as there were too many [reason: expired, room]"),
    "headchef.cache.outdated": Measure("{answer}", "accepted answers not stored because they had been invalidated"),
    "headchef.cache.unsure": Measure(
        "{step}", "steps that came while it was not known what had been invalidated, and went to their models"
    ),
    "headchef.cache.refilled": Measure("{answer}", "answers put back into a store that was lost"),
    "headchef.cache.failures": Measure("{operation}", "operations that the store failed [operation, reason]"),
    "headchef.cache.saved_cost": Measure("{USD}", "what reused answers had cost when they were made [tenant, model]"),
    "headchef.cache.guesses": Measure(
        "{question}",
        "what earlier answers to other wordings came to [choice: serve, explore, ask, none, unavailable, quota,"
        " too_long; mode: shadow, serve]",
    ),
    "headchef.cache.labels": Measure(
        "{question}",
        "fresh answers held against what would have been reused [outcome: same, different, asked, undecided, gone]",
    ),
    "headchef.judgements": Measure(
        "{question}", "questions to models whether two answers are the same [outcome: ok, rejected, failed, cancelled]"
    ),
    "headchef.cache.questions": Measure("{question}", "questions for others to be compared with [kept: true, false]"),
    "headchef.cache.parked": Measure("{step}", "steps that had to wait for the answer to the same question"),
    "headchef.cache.answered": Measure("{step}", "steps that waited and were given that answer"),
    "headchef.cache.released": Measure("{step}", "steps that waited and were sent to their models"),
    "headchef.embedding.requests": Measure(
        "{request}",
        "requests of the cache to its embedding endpoint [outcome: ok, rate_limited, http_status, timeout, unreachable,"
        " unreadable, dimensions]",
    ),
    "headchef.embedding.tokens": Measure("{token}", "tokens of texts that it has counted"),
    "headchef.embedding.cost": Measure("{USD}", "what they cost, where HEADCHEF_CACHE_EMBEDDER_PRICE_USD is set"),
    "headchef.provider.attempts": Measure("{attempt}", "calls to a provider [lane, model, outcome]"),
    "headchef.provider.cost": Measure("{USD}", "cost of calls whose price is known [lane, model, tenant]"),
    "headchef.provider.cache_tokens": Measure(
        "{token}", "tokens of prompts that the provider's cache was used for [lane, model, use=read or write]"
    ),
    "headchef.findings": Measure("{finding}", "faults found in outputs [check]"),
    "headchef.reviews.asked": Measure("{review}", "decisions that people were asked for"),
    "headchef.reviews.closed": Measure("{review}", "reviews that are open no more [outcome, by: somebody or nobody]"),
    "headchef.commands.refused": Measure("{command}", "commands that changed nothing [reason]"),
    "headchef.batches.finished": Measure("{batch}", "batches whose jobs have all ended"),
    "headchef.batches.late": Measure("{job}", "jobs that ended after the number that their batch had named"),
    "headchef.batches.paused": Measure(
        "{batch}", "batches paused as too many of their answers were rejected or failed"
    ),
    "headchef.reservations.granted": Measure("{reservation}", "values that the job that asked for them has"),
    "headchef.reservations.refused": Measure("{reservation}", "values that another job has, or that were given back"),
    "headchef.reservations.released": Measure("{reservation}", "values that nobody has any more"),
    "headchef.bodies.read": Measure("{body}", "bodies read from the object store"),
    "headchef.bodies.written": Measure("{body}", "bodies written to the object store"),
    "headchef.bodies.faults": Measure(
        "{operation}", "reads and writes that failed [operation: get, put; reason: away, body_missing, body_damaged]"
    ),
    "headchef.budgets.waited": Measure("{question}", "questions that had to wait for their tenant's budget"),
    "headchef.budgets.refused": Measure("{question}", "questions that their tenant's budget did not allow"),
    "headchef.budgets.repeated": Measure(
        "{event}", "answers and settlements that came a second time; only at least once, or where an answer was late"
    ),
    "headchef.pools.repeated": Measure("{observation}", "observations of reused answers that were counted before"),
    "headchef.pools.unasked": Measure(
        "{question}", "answers that no model was asked to compare, as many others of the pool were being compared"
    ),
}

HISTOGRAMS: Mapping[HistogramName, Measure] = {
    "messaging.client.operation.duration": Measure("s", "poll and commit [operation, error.type]", _MESSAGING_S),
    "messaging.process.duration": Measure("s", "time inside a handler [destination]", _MESSAGING_S),
    "gen_ai.client.operation.duration": Measure("s", "one call to a provider [model, provider, error.type]", _GEN_AI_S),
    "gen_ai.client.token.usage": Measure("{token}", "tokens of one call [model, gen_ai.token.type]", _TOKENS),
    "headchef.hop.duration": Measure("s", "from a record's timestamp to its outputs' commit [destination]", _WIDE_S),
    "headchef.job.duration": Measure("s", "from submission to result [status, class]", _WIDE_S),
    "headchef.job.overhead": Measure("s", "the same, less the time inside provider calls [class]", _WIDE_S),
    "headchef.restore.duration": Measure("s", "from assignment to the task's first poll", _WIDE_S),
    "headchef.transaction.records": Measure("{record}", "records of one transaction", _RECORDS),
    "headchef.cache.duration": Measure("s", "one operation on the store [operation]", _WIDE_S),
    "headchef.function.duration": Measure(
        "s", "one call of a function [function, outcome: ok, or why it failed]", _WIDE_S
    ),
    "headchef.fetch.duration": Measure("s", "one document of a source [outcome: ok, or why it failed]", _WIDE_S),
    "headchef.retrieval.duration": Measure("s", "one search of a collection [collection, outcome]", _WIDE_S),
}

GAUGES: Mapping[GaugeName, Measure] = {
    "headchef.lag": Measure("{record}", "records after the committed place [topic, partition]"),
    "headchef.unfinished.oldest_age": Measure("s", "age of the oldest unfinished record [processor, topic, partition]"),
    "headchef.unfinished.retention_used": Measure("1", "that age as a share of the topic's retention [the same]"),
    "headchef.in_flight": Measure("{record}", "deliveries inside handlers [topic, partition]"),
    "headchef.in_flight.oldest_age": Measure("s", "time that the oldest of them has been there [topic, partition]"),
    "headchef.watermark.span": Measure("{offset}", "from the committed place to the last delivery [topic, partition]"),
    "headchef.paused": Measure(
        "1", "1 while a task is not polled because it has its fill [processor, partition, class]"
    ),
    "headchef.tasks.owned": Measure("{task}", "tasks of this process [state: restoring, running, draining]"),
    "headchef.queue.depth": Measure("{item}", "items in a bounded queue [queue]"),
    "headchef.store.entries": Measure("{entry}", "keys in a state store [processor, store, partition]"),
    "headchef.held": Measure("{record}", "set aside and not handled, as operators have it [processor, partition]"),
    "headchef.catalog.in_force": Measure(
        "1", "1 for the catalogue in force [processor, version, source: file, published]"
    ),
    "headchef.catalog.refused": Measure(
        "1", "1 while the last published catalogue cannot be used here [processor, version]"
    ),
    "headchef.brakes.set": Measure("{brake}", "brakes that this process heeds [processor, action: pause, cancel]"),
    "headchef.cache.invalidations": Measure("{scope}", "scopes that were invalidated, as this process knows it"),
    "headchef.cache.invalidations_age": Measure(
        "s", "since when something may have been invalidated that this process does not know"
    ),
    "headchef.lane.concurrency": Measure(
        "{call}", "calls at once that this process has found to be good, where no limit is stated [lane]"
    ),
    "headchef.lane.halted": Measure("1", "1 while a lane, or one of its models, stands still [lane, model, reason]"),
    "headchef.lane.left": Measure("1", "what calls of this process may use at once of a lane's quota [lane, resource]"),
    "headchef.lane.resting": Measure(
        "{call}", "calls at once that may not begin here while those of a killed executor may go on [lane]"
    ),
    "headchef.provider.in_flight": Measure("{call}", "calls to a provider that are going on [lane]"),
}
