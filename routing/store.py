"""Routing's statements, by subject: agents, calls, offers, assignments, stays, queues, history. When to make which is left to
`dispatch`.

Nothing here commits. Rows are locked in one order everywhere: offer or assignment, then agent, then call.
"""

from routing.store_agents import agents_whose_wrap_up_is_over, agents_with_lapsed_lease, candidates, hold_agent, move_agent, presence, presences, renew_lease, save_agent, save_skills
from routing.store_assignments import add_assignment, connect_assignment, end_assignment, end_wrap_up, handling_seconds, last_assignment, live_assignment_of_agent, lose_assignment, unconnected_assignments
from routing.store_calls import Placing, add_call, as_waiting_call, boost_call, call_row, callbacks_to_ring, calls_in, hold_call, move_call, overflowing, place_call, reopen_call, set_calling, set_overflow, wait_until
from routing.store_history import changes, note_change, note_state, note_version
from routing.store_offers import add_offer, close_offer, due_offers, last_offer, offer_row, open_offer, refusals, with_refusals
from routing.store_queues import queue_version, queues, save_queue
from routing.store_stays import add_held_seconds, answer_stay, close_stay, connect_stay, end_talk_of_stay, end_wrap_up_of_stays, lose_stay, note_estimate, note_offer, open_stay, resume_stay, stays_of

__all__ = [
    "Placing",
    "add_assignment",
    "add_call",
    "add_held_seconds",
    "add_offer",
    "agents_whose_wrap_up_is_over",
    "agents_with_lapsed_lease",
    "answer_stay",
    "as_waiting_call",
    "boost_call",
    "call_row",
    "callbacks_to_ring",
    "calls_in",
    "candidates",
    "changes",
    "close_offer",
    "close_stay",
    "connect_assignment",
    "connect_stay",
    "due_offers",
    "end_assignment",
    "end_talk_of_stay",
    "end_wrap_up",
    "end_wrap_up_of_stays",
    "handling_seconds",
    "hold_agent",
    "hold_call",
    "last_assignment",
    "last_offer",
    "live_assignment_of_agent",
    "lose_assignment",
    "lose_stay",
    "move_agent",
    "move_call",
    "note_change",
    "note_estimate",
    "note_offer",
    "note_state",
    "note_version",
    "offer_row",
    "open_offer",
    "open_stay",
    "overflowing",
    "place_call",
    "presence",
    "presences",
    "queue_version",
    "queues",
    "refusals",
    "renew_lease",
    "reopen_call",
    "resume_stay",
    "save_agent",
    "save_queue",
    "save_skills",
    "set_calling",
    "set_overflow",
    "stays_of",
    "unconnected_assignments",
    "wait_until",
    "with_refusals",
]
