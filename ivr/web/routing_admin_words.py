"""The words of the pages on routing: names of fields, of orders, of what a ring drops, and what is wrong with a field."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

FIELDS: Mapping[str, Any] = {
    "queue_id": _l("Code"),
    "names": _l("Name"),
    "team": _l("Team: skills that it serves"),
    "rings": _l("Rings"),
    "order": _l("Who is offered a call first"),
    "service_seconds": _l("Service level: answered within seconds"),
    "service_share": _l("Service level: share of the calls, per cent"),
    "max_waiting": _l("Most calls that wait"),
    "overflow_after_seconds": _l("Overflows after seconds"),
    "overflow_to": _l("Overflows to"),
    "closed_does": _l("When closed"),
    "hours": _l("Hours"),
    "priority": _l("Priority of the queue"),
    "preferred_seconds": _l("Kept for the agent whom the customer knows, seconds"),
    "boosts": _l("Boosts, in seconds of waiting"),
    "skills": _l("Skills and levels"),
    "basis": _l("What the levels rest on"),
    "languages": _l("Languages"),
}

ORDERS: Mapping[str, Any] = {
    "best_fit": _l("Best fit, then the longest idle"),
    "longest_idle": _l("The longest idle"),
    "most_skilled": _l("The most skilled, then the longest idle"),
    "fewest_calls": _l("The fewest calls today, then the longest idle"),
}

DROPS: Mapping[str, Any] = {
    "level": _l("the level"),
    "languages": _l("the language, if the caller waives it"),
    "preferred_skills": _l("the preferred skills"),
    "skill": _l("the skill: any agent of the queue, the last choice"),
}

BOOSTS: Mapping[str, Any] = {
    "recovery": _l("Customer to win back"),
    "overdue_case": _l("Overdue case"),
    "callback": _l("Place kept for the callback"),
    "line_lost": _l("Line lost in the talk"),
}

DESTINATIONS: Mapping[str, Any] = {
    "": _l("Nowhere: calls go on waiting"),
    "callback": _l("Offer a callback"),
    "message": _l("Take a message"),
}

WEEKDAYS: Mapping[str, Any] = {
    "1": _l("Mon"),
    "2": _l("Tue"),
    "3": _l("Wed"),
    "4": _l("Thu"),
    "5": _l("Fri"),
    "6": _l("Sat"),
    "7": _l("Sun"),
}

CLOSED: Mapping[str, Any] = {
    "holiday": _l("Closed: public holiday"),
    "closed_day": _l("Closed today"),
    "day": _l("Closed on this weekday"),
    "hour": _l("Closed at this hour"),
}

# By the code of routing.queues.Problem, and those of the forms.
PROBLEMS: Mapping[str, Any] = {
    "not_a_code": _l("Only letters, digits, - and _, and at least one of them."),
    "empty_skill": _l("A skill has no name."),
    "first_from_zero": _l("The first ring begins at 0 seconds."),
    "not_in_order": _l("Each ring begins later than the one before."),
    "too_many": _l("Eight rings at most, and no longer than a day."),
    "any_agent_needs_team": _l("Any agent of the queue can only be asked where the queue has a team."),
    "out_of_range": _l("This is outside what is possible."),
    "not_a_destination": _l("Calls can't go there."),
    "to_itself": _l("A queue can't send calls to itself."),
    "needed": _l("Say where calls go that are too many or have waited too long."),
    "no_such_queue": _l("This queue does not exist."),
    "unreadable": _l("This can't be read."),
    "taken": _l("There is a queue with this code already."),
    "hours": _l("These hours can't be: look at the times, the days and the place."),
    "days": _l("Days are written as 24.12.2026 or 2026-12-24, one a line."),
    "skill_twice": _l("This skill is there twice."),
}

# How an offer stands, of its agent; "nobody" where there was none.
OFFERS: Mapping[str, Any] = {
    "open": _l("rings"),
    "accepted": _l("accepted the offer"),
    "declined": _l("declined the offer"),
    "missed": _l("missed the offer"),
    "withdrawn": _l("the offer was withdrawn"),
    "nobody": _l("nobody could take it"),
}

WORDS: Mapping[str, Mapping[str, Any]] = {
    "offer": OFFERS,
    "routing_field": FIELDS,
    "agent_order": ORDERS,
    "drops": DROPS,
    "boost": BOOSTS,
    "destination": DESTINATIONS,
    "weekday": WEEKDAYS,
    "closed": CLOSED,
    "routing_problem": PROBLEMS,
}
