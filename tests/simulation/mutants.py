"""The broken code that the simulation must notice, and within how many seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from headchef.runtime.at_least_once import AtLeastOnceWriter
from headchef.runtime.exactly_once import ExactlyOnceWriter
from tests.simulation import (
    broken,
    broken_bodies,
    broken_brakes,
    broken_catalogue,
    broken_claims,
    broken_classes,
    broken_coalescing,
    broken_corrections,
    broken_feed,
    broken_hand_back,
    broken_handover,
    broken_images,
    broken_invalidations,
    broken_judged,
    broken_led,
    broken_moves,
    broken_purses,
    broken_repairs,
    broken_reserved,
    broken_retrieved,
    broken_reviews,
    broken_reworded,
    broken_state,
    broken_stores,
    broken_tiers,
    broken_verdicts,
    overpaid,
)
from tests.simulation.broken import Mutate
from tests.simulation.faults import HIGHEST, NONE, Faults
from tests.simulation.kinds import ASKING, AT_LEAST_ONCE, EXACTLY_ONCE, EXPIRING, GROWING, Kind


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way to break a promise.

    Attributes:
        mutate: breaks it.
        within: seeds, of which at least one must notice.
        kind: of world in which it is looked for.
        faults: under which it is looked for; None for those that each seed draws.
    """

    mutate: Mutate
    within: int
    faults: Faults | None = None
    kind: Kind = EXACTLY_ONCE


GAPS = replace(NONE, crashes=HIGHEST.crashes, freezes=HIGHEST.freezes, lost_answers=0.01, old_places=0.6)
"""Owners change, and coordinators have gaps between what they have read of their log and what they have taken since."""

SHORT_LIVES = replace(NONE, crashes=3 * HIGHEST.crashes, stops=HIGHEST.stops)
"""Processes die soon after they have begun, or give back what they have."""

MUTANTS: Mapping[str, Mutant] = {
    "offsets are committed before outputs are sent": Mutant(broken.offsets_before_outputs(ExactlyOnceWriter), 10),
    "at least once, offsets are committed before outputs are sent": Mutant(
        broken.offsets_before_outputs(AtLeastOnceWriter), 10, kind=AT_LEAST_ONCE
    ),
    "at least once, state is written before outputs": Mutant(
        broken.state_before_outputs, 20, replace(NONE, crashes=3 * HIGHEST.crashes, refused_records=0.2), AT_LEAST_ONCE
    ),
    "at least once, state is written together with outputs": Mutant(
        broken.state_with_outputs, 60, replace(NONE, crashes=3 * HIGHEST.crashes, refused_records=0.2), AT_LEAST_ONCE
    ),
    "a former owner is not fenced": Mutant(broken.no_fencing, 20),
    "the finished map is ignored": Mutant(broken.finished_map_ignored, 20, replace(NONE, crashes=2 * HIGHEST.crashes)),
    "a failed send is ignored": Mutant(broken.failed_send_ignored, 20),
    "the seen store is not restored": Mutant(broken_state.seen_store_not_restored, 10),
    "what the router remembers is forgotten too soon": Mutant(broken_state.seen_store_forgets_too_soon, 10),
    "changes of state are not written": Mutant(broken_state.state_not_written, 10),
    "a dead letter is lost": Mutant(broken.lost_dead_letter, 10),
    "the committed place is one too high": Mutant(broken.place_off_by_one, 10),
    "a commit of unknown outcome is taken for done": Mutant(broken.unknown_commit_taken_for_done, 10),
    "a commit of unknown outcome is taken for void": Mutant(
        broken.unknown_commit_taken_for_void, 10, replace(NONE, lost_answers=0.05)
    ),
    "a task is given out before its owner has drained it": Mutant(
        broken.given_out_before_drained, 10, replace(NONE, stops=HIGHEST.stops)
    ),
    "calls begin right after a freeze": Mutant(
        broken.calls_right_after_a_freeze, 20, replace(NONE, freezes=2 * HIGHEST.freezes, limited_calls=0.4)
    ),
    "answers cross tenants": Mutant(broken.answers_cross_tenants, 5, NONE),
    "the end of a task is not told to the group": Mutant(broken.lost_rejoin, 10),
    "a timer is lost at a crash": Mutant(broken.timer_lost_at_a_crash, 10),
    "a timer waits as long as a wrong clock says": Mutant(
        broken.timer_waits_by_the_wall_clock,
        20,
        replace(NONE, clock_jumps=10 * HIGHEST.clock_jumps, limited_calls=0.5, failing_calls=0.5),
    ),
    "tasks are kept that another had meanwhile": Mutant(
        broken.kept_through_an_absence, 20, replace(NONE, freezes=3 * HIGHEST.freezes), AT_LEAST_ONCE
    ),
    "records that expired unread are passed over in silence": Mutant(
        broken_feed.loss_passed_over, 10, replace(NONE, outages=HIGHEST.outages, expired_records=240.0), EXPIRING
    ),
    "the ledger of a task is not looked at": Mutant(broken.ledger_ignored, 10, kind=EXPIRING),
    "a coordinator that is behind is believed": Mutant(
        broken.coordinator_believed, 10, replace(NONE, crashes=HIGHEST.crashes, old_places=0.5)
    ),
    "a coordinator that knows the newest batch is believed": Mutant(broken.newest_signature_believed, 40, GAPS),
    "new partitions are read from their end": Mutant(broken.new_partitions_from_their_end, 10, kind=GROWING),
    "only a group's leader looks for new partitions": Mutant(
        broken.growth_left_to_the_leader, 20, replace(NONE, crashes=2 * HIGHEST.crashes), GROWING
    ),
    "a call that is made again has the first one's id": Mutant(
        broken.one_id_for_all_calls_of_a_delivery, 20, kind=AT_LEAST_ONCE
    ),
    "each executor takes the whole quota of its lane": Mutant(broken.each_process_takes_all_of_the_quota, 30, NONE),
    "whether a task was left clean is not looked at": Mutant(broken_hand_back.mark_not_looked_at, 40, SHORT_LIVES),
    "a task is said to be clean until its first commit": Mutant(broken_hand_back.mark_not_withdrawn, 150, SHORT_LIVES),
    "a task is given back while other calls are in its places": Mutant(
        broken_hand_back.places_not_waited_for, 150, replace(NONE, crashes=HIGHEST.crashes, stops=3 * HIGHEST.stops)
    ),
    "a lane that stands still is called all the same": Mutant(broken.halted_lanes_called, 30, NONE),
    "a step is given up that was refused as all are": Mutant(broken.refused_steps_given_up, 30, NONE),
    "a published catalogue is not taken up": Mutant(broken_catalogue.not_taken_up, 20, NONE),
    "a published catalogue is taken up by halves": Mutant(broken_catalogue.taken_up_by_halves, 20, NONE),
    "the file is used before what is published is read": Mutant(broken_catalogue.not_waited_for, 20, NONE),
    "a broadcast is given up at the first fault": Mutant(broken_catalogue.given_up_at_a_fault, 40),
    "brakes are heeded late": Mutant(broken_brakes.heeded_late, 20, NONE),
    "a paused step is tried again": Mutant(
        broken_brakes.retries_not_stopped, 40, replace(NONE, limited_calls=0.4, failing_calls=0.4)
    ),
    "what was paused is forgotten when it is resumed": Mutant(broken_brakes.forgotten_when_resumed, 10, NONE),
    "a cancelled job has no result": Mutant(broken_brakes.cancelled_without_a_result, 20, NONE),
    "a cancelled job is said to be free": Mutant(
        broken_brakes.cancelled_as_if_free, 40, replace(NONE, billed_failures=0.4, garbled_answers=0.3)
    ),
    "jobs are cancelled that come after a cancel": Mutant(broken_brakes.later_jobs_cancelled, 30, NONE),
    "a job fails with its first model": Mutant(broken_handover.candidates_not_asked, 20),
    "a result forgets what models cost that failed before": Mutant(broken_handover.earlier_plans_forgotten, 10),
    "a candidate is passed over": Mutant(broken_handover.first_candidate_passed_over, 20),
    "the stand-ins of a tier's models are asked too": Mutant(broken_tiers.stand_ins_asked_too, 5, NONE),
    "a tier is asked in another order than its own": Mutant(broken_tiers.asked_in_the_order_of_the_models, 5, NONE),
    "the checks of a job are not looked at": Mutant(broken_verdicts.checks_not_looked_at, 10, NONE),
    "the form of an answer is not looked at": Mutant(broken_verdicts.schema_not_looked_at, 10, NONE),
    "a blank answer is taken": Mutant(broken_verdicts.blank_answers_taken, 10, NONE),
    "an answer that is reused is not checked again": Mutant(broken_verdicts.reused_answers_not_checked, 20, NONE),
    "every answer that is checked is rejected": Mutant(broken_verdicts.every_checked_answer_rejected, 5, NONE),
    "a rejected answer is settled as accepted": Mutant(broken_verdicts.rejected_answers_settled_as_accepted, 10, NONE),
    "a good answer is not handed on": Mutant(broken_verdicts.good_answers_not_handed_on, 5, NONE),
    "a rejected job does not say why": Mutant(broken_verdicts.results_do_not_say_why, 10, NONE),
    "what was found of an answer is forgotten": Mutant(broken_repairs.findings_not_kept, 20, NONE),
    "only answers that fail their checks are repaired": Mutant(broken_verdicts.only_checks_repaired, 20, NONE),
    "repairs are not counted": Mutant(broken_repairs.repairs_not_counted, 20, NONE),
    "a job is rejected with repairs left": Mutant(broken_repairs.given_up, 10, NONE),
    "a rejected answer is to be put right after the deadline": Mutant(broken_repairs.deadline_ignored, 60, NONE),
    "another model is asked as soon as an answer is rejected": Mutant(broken_repairs.next_model_at_once, 20, NONE),
    "a model that failed is asked again": Mutant(broken_repairs.failed_model_asked_again, 20),
    "a model is shown all that was rejected": Mutant(broken_repairs.every_answer_shown, 20, NONE),
    "a model is not shown what was rejected": Mutant(broken_repairs.nothing_shown, 10, NONE),
    "a model is shown what another was told": Mutant(broken_repairs.next_model_shown_what_the_former_said, 20, NONE),
    "a model is shown what was rejected under the hash of the question": Mutant(broken_repairs.hash_kept, 10, NONE),
    "another model is asked under the fingerprint of the first": Mutant(broken_repairs.fingerprint_kept, 20, NONE),
    "what came of steps is not read again": Mutant(broken_led.units_not_restored, 20),
    "what came of steps is not written": Mutant(broken_led.units_not_written, 20),
    "a job goes on that is too late or cancelled": Mutant(broken_led.called_off_forgotten, 40),
    "what is remembered of steps stays": Mutant(broken_led.units_stay, 10, NONE),
    "a workflow goes on with a rejected answer": Mutant(broken_led.rejected_taken, 40, NONE),
    "a step is lost with its first item": Mutant(broken_led.one_loss_is_too_many, 40, NONE),
    "a budget forgets what is under way": Mutant(broken_led.nothing_reserved, 60, NONE),
    "that a job is beyond its budget is forgotten": Mutant(broken_led.passing_forgotten, 60, NONE),
    "a repair beyond the budget is its step's loss": Mutant(broken_led.repairs_beyond_the_budget_are_lost, 80, NONE),
    "each item of a step has the whole time": Mutant(broken_led.time_of_each_item, 60, NONE),
    "calls begin when the time of their step is up": Mutant(broken_led.time_of_steps_ignored, 80),
    "an answer that was cut off is not given more room": Mutant(broken_led.no_more_room, 40, NONE),
    "an answer is given more room without end": Mutant(broken_led.more_room_without_end, 80, NONE),
    "a further run begins anew": Mutant(broken_led.nothing_taken_over, 20, NONE),
    "what is left of a run is not listed": Mutant(broken_led.left_not_listed, 20, NONE),
    "what is taken over counts once more": Mutant(broken_led.paid_for_again, 20, NONE),
    "a result counts a call for each step": Mutant(broken_led.one_call_each, 10, NONE),
    "who has which value is not read again": Mutant(broken_reserved.holders_not_restored, 60),
    "a job that fails keeps what it has reserved": Mutant(broken_reserved.nothing_given_back, 40, NONE),
    "what a job has reserved is not remembered": Mutant(broken_reserved.what_was_given_not_remembered, 40, NONE),
    "a run gives back what an earlier one has": Mutant(broken_reserved.a_run_gives_back_for_all, 40),
    "the last job to ask for a value has it": Mutant(broken_reserved.the_last_to_ask_has_it, 20, NONE),
    "accounts move when topics grow": Mutant(broken_reserved.homes_as_many_as_partitions, 60, kind=GROWING),
    "each way to write a value is another value": Mutant(broken_reserved.every_way_to_write_it_another, 20, NONE),
    "a search is held to no tenant": Mutant(broken_retrieved.the_tenant_is_not_held, 40, NONE),
    "a filter says whose texts are found": Mutant(broken_retrieved.a_filter_says_whose, 40, NONE),
    "tenants that name texts alike have one for both": Mutant(
        broken_retrieved.tenants_take_each_others_places, 40, NONE
    ),
    "a result names the texts of another search": Mutant(broken_retrieved.texts_of_the_search_before, 40, NONE),
    "a search does not name all that it gives": Mutant(broken_retrieved.the_last_text_not_named, 40, NONE),
    "a search that is taken over names no texts": Mutant(broken_retrieved.what_is_taken_over_is_from_nowhere, 120),
    "a store that is away is said to have no collection": Mutant(
        broken_retrieved.a_store_that_is_away_has_no_collection, 40, replace(NONE, failing_store=0.5)
    ),
    "a search is not tried again": Mutant(broken_retrieved.not_tried_again, 40, replace(NONE, failing_store=0.2)),
    "large bodies stay in their events": Mutant(broken_bodies.large_ones_stay, 20, NONE),
    "large bodies lie there for no tenant in particular": Mutant(broken_bodies.of_nobody, 20, NONE),
    "state names a body that was not laid down": Mutant(broken_bodies.named_before_they_lie_there, 20, NONE),
    "what a job has known is not read again where it is large": Mutant(broken_bodies.not_read_again, 60),
    "a body is given up while the store is away": Mutant(
        broken_bodies.given_up_while_the_store_is_away, 20, replace(NONE, failing_store=0.3)
    ),
    "an edited document is not checked": Mutant(broken_reviews.edits_not_checked, 10, NONE, ASKING),
    "who goes on reckons a review's time from the beginning of its job": Mutant(
        broken_reviews.asked_anew_by_who_goes_on, 20, NONE, ASKING
    ),
    "that nobody has decided is taken for consent": Mutant(broken_reviews.silence_taken_for_consent, 10, NONE, ASKING),
    "a review is closed twice": Mutant(broken_reviews.decided_again, 10, NONE, ASKING),
    "nobody looks when a review's time is over": Mutant(broken_reviews.deadlines_not_rung, 10, NONE, ASKING),
    "an answer is reused in shadow mode": Mutant(broken_reworded.served_in_shadow_mode, 60, NONE),
    "an answer is reused in another scope": Mutant(broken_reworded.served_from_another_scope, 60, NONE),
    "whatever stands around a free text is in one scope": Mutant(
        broken_reworded.a_scope_of_whatever_stands_around, 60, NONE
    ),
    "another model is asked in the scope of the first": Mutant(
        broken_reworded.another_model_in_the_same_scope, 60, NONE
    ),
    "the bound of a pool is not looked at": Mutant(broken_reworded.the_bound_is_not_looked_at, 60, NONE),
    "each process draws for itself what is explored": Mutant(broken_reworded.every_process_draws_for_itself, 60, NONE),
    "a pool counts each observation twice": Mutant(broken_reworded.labels_count_twice, 60, NONE),
    "a pool does not remember what it has counted": Mutant(
        broken_reworded.what_was_observed_is_not_remembered, 150, kind=AT_LEAST_ONCE
    ),
    "a refused hit is not told to its pool": Mutant(broken_reworded.refused_hits_are_not_told, 120, NONE),
    "pools are not read again": Mutant(broken_reworded.pools_not_restored, 60),
    "a judgement is a job of a user": Mutant(broken_judged.judgements_are_jobs_of_users, 60, NONE),
    "another tenant pays for a judgement": Mutant(broken_judged.another_tenant_pays, 60, NONE),
    "a label says the reverse of what a model has said": Mutant(broken_judged.a_label_says_the_reverse, 60, NONE),
    "an account forgets what it has granted": Mutant(broken_purses.what_is_out_forgotten, 40, NONE),
    "a purse is as full as before when it has paid": Mutant(broken_purses.purse_pays_for_nothing, 40, NONE),
    "a reused answer keeps what was reserved for it": Mutant(broken_purses.reused_answers_not_settled, 60, NONE),
    "a question is refused for what others have reserved": Mutant(broken_purses.refused_for_what_is_out, 40, NONE),
    "what purses hold is not read again": Mutant(broken_purses.purses_not_restored, 80),
    "questions that wait for a budget are not read again": Mutant(broken_purses.parked_not_restored, 80),
    "warnings are not remembered": Mutant(broken_purses.warnings_not_remembered, 80, NONE),
    "what is given back is kept too": Mutant(broken_purses.asked_with_a_full_purse, 60, NONE),
    "anybody may claim a tenant that is bound": Mutant(broken_claims.anybody_may_claim, 40, NONE),
    "earlier answers are served without a look at what was invalidated": Mutant(
        broken_invalidations.served_without_a_look, 40, NONE
    ),
    "what was invalidated is served": Mutant(broken_invalidations.what_was_said_is_not_heeded, 20, NONE),
    "an answer is as old as its verdict": Mutant(broken_invalidations.answers_are_as_old_as_their_verdict, 40),
    "answers are not marked": Mutant(broken_invalidations.nothing_is_marked, 20, NONE),
    "what has expired is served": Mutant(broken_invalidations.hits_prolong_answers, 20, NONE),
    "what was found wrong is served": Mutant(broken_corrections.nothing_is_wrong, 80, NONE),
    "who starts again knows nothing of what was found wrong": Mutant(
        broken_corrections.known_to_the_task_alone, 80, NONE
    ),
    "other caches are not told what was found wrong": Mutant(broken_corrections.others_are_not_told, 20, NONE),
    "the bound of the caches' store is not looked at": Mutant(broken_stores.the_bound_is_not_looked_at, 10, NONE),
    "use does not keep an answer in a full store": Mutant(broken_stores.use_counts_for_nothing, 20, NONE),
    "cost does not keep an answer in a full store": Mutant(broken_stores.cost_counts_for_nothing, 10, NONE),
    "a lost store is said to be full, and is not": Mutant(broken_stores.nothing_is_put_back, 10, NONE),
    "what was invalidated comes back into a lost store": Mutant(
        broken_stores.what_was_invalidated_is_put_back, 20, NONE
    ),
    "what was found wrong comes back into a lost store": Mutant(
        broken_stores.what_was_found_wrong_is_put_back, 20, NONE
    ),
    "what has expired comes back into a lost store": Mutant(broken_stores.what_has_expired_is_put_back, 10, NONE),
    "a lost store is filled with answers as another tenant's": Mutant(
        broken_stores.answers_come_back_as_anothers, 10, NONE
    ),
    "all steps go to one lane": Mutant(broken.all_on_one_lane, 5, NONE),
    "every call is marked for the provider's cache": Mutant(overpaid.every_call_marked, 40, NONE),
    "tokens written to that cache are priced as read": Mutant(overpaid.written_tokens_priced_as_read, 5, NONE),
    "bulk begins before interactive steps": Mutant(broken_classes.bulk_begins_first, 20),
    "bulk steps go among interactive ones": Mutant(broken_classes.all_planned_as_interactive, 5, NONE),
    "what is only noted of a flow is forgotten": Mutant(broken_feed.noted_records_forgotten, 20, NONE),
    "all that is read again is taken for the flow's next": Mutant(broken_feed.all_that_is_read_again_taken, 20),
    "jobs share an answer that differ in an image": Mutant(broken_images.images_no_part_of_what_is_asked, 10, NONE),
    "a model that takes no images is planned for": Mutant(broken_images.every_model_planned_for, 5, NONE),
    "images are left out on the way": Mutant(broken_images.left_out_on_the_way, 5, NONE),
    "a step stays in a partition that is not in use": Mutant(
        broken_moves.stays, 40, replace(NONE, limited_calls=0.4, failing_calls=0.4)
    ),
    "tasks that are not in use have a part of the quota": Mutant(broken_moves.every_task_has_a_part, 30, NONE),
    "a step is moved to any partition": Mutant(broken_moves.moved_to_any_partition, 20, NONE),
    "a step that is moved begins anew": Mutant(
        broken_moves.begins_anew, 120, replace(NONE, billed_failures=0.4, garbled_answers=0.3)
    ),
    "nobody waits for the answer to the same question": Mutant(broken_coalescing.leaders_not_remembered, 60, NONE),
    "an interactive step waits for a bulk one": Mutant(broken_coalescing.all_wait_for_bulk, 20, NONE),
    "all who wait are sent on at once": Mutant(broken_coalescing.all_sent_on_at_once, 60, NONE),
    "who waits is forgotten when the question was asked in vain": Mutant(
        broken_coalescing.forgotten_when_asked_in_vain, 20, NONE
    ),
    "who waits is not given the answer": Mutant(broken_coalescing.answers_not_shared, 20, NONE),
}
