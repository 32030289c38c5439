"""What a customer's past grants a call."""

import pytest

from ivr.calls.granted import OVERDUE_CASE_SECONDS, RECOVERY_SECONDS, Past, granted
from routing.queues import Queue
from routing.skills import Requirements, SkillWanted

ASKED = Requirements(skill="orders", level=3, languages=("it",))
QUEUE = Queue(queue_id="orders", preferred_seconds=15)
RECOVERY = SkillWanted(skill="recovery", is_must=False)


def past(agent: str | None = None, bad: int = 0, overdue: int = 0) -> Past:
    return Past(last_agent_id=agent, bad_experiences=bad, overdue_cases=overdue)


@pytest.mark.parametrize(
    ("of", "boosts"),
    [
        (past(), {}),
        (past(bad=1), {}),
        (past(bad=2), {"recovery": RECOVERY_SECONDS}),
        (past(bad=1, overdue=1), {"overdue_case": OVERDUE_CASE_SECONDS}),
        (past(bad=3, overdue=1), {"overdue_case": OVERDUE_CASE_SECONDS, "recovery": RECOVERY_SECONDS}),
    ],
)
def test_a_better_place_from_the_second_bad_experience_on_and_for_an_overdue_case(
    of: Past, boosts: dict[str, int]
) -> None:
    assert granted(of, ASKED, QUEUE).boosts == boosts


def test_who_was_treated_badly_gets_somebody_skilled_in_recovery_where_it_can_be() -> None:
    assert granted(past(bad=2), ASKED, QUEUE).requirements.preferences == (RECOVERY,)
    already = Requirements(skill="recovery", level=2)
    assert granted(past(bad=2), already, QUEUE).requirements.preferences == ()


def test_the_agent_whom_the_customer_knows_is_preferred_for_as_long_as_the_queue_says() -> None:
    asked = granted(past(agent="anna"), ASKED, QUEUE).requirements
    assert (asked.preferred_agent_id, asked.preferred_seconds) == ("anna", 15)
    named = Requirements(skill="orders", preferred_agent_id="bruno", preferred_seconds=60)
    assert granted(past(agent="anna"), named, QUEUE).requirements == named
    assert granted(past(), ASKED, QUEUE).requirements == ASKED
