"""A supervisor listens, whispers and joins; the caller hears nothing of the first two, and the story says who was there."""

import pytest

from ivr.calls import store
from ivr.line.party import NoAnswer
from tests.line.talks.talking import Talking, begin, done, refused
from tests.telephone import House, heard_once

SARA = "+393391234567"


def supervise(talking: Talking, mode: str, number: str = SARA) -> object:
    return talking.act(
        lambda talks, session, now: talks.supervise(
            session, agent_id=None, call_id=talking.call_id, mode=mode, number=number, name="Sara Conti", now=now
        )
    )


def stop(talking: Talking) -> object:
    return talking.act(
        lambda talks, session, now: talks.stop_supervising(session, call_id=talking.call_id, number=SARA, now=now)
    )


def supervised(house: House, mode: str = "listen") -> Talking:
    talking = begin(house)
    talking.phones[SARA] = house.agent_phone(SARA)
    done(supervise(talking, mode))
    assert house.run_until(lambda: "supervising" in talking.happened(), 20), talking.legs()
    house.wait(2)
    return talking


def hears(talking: Talking, words: str) -> set[str]:
    return talking.hears(talking.phone(SARA), words)


def test_supervisor_hears_both_and_is_heard_by_nobody(house: House) -> None:
    talking = supervised(house)
    assert talking.hears(talking.caller, "sono molto arrabbiato") == {"client:anna", SARA}
    assert talking.hears(talking.phone("client:anna"), "ha ragione") == {"caller", SARA}
    assert hears(talking, "che tono") == set()
    assert "Sara Conti è nella chiamata e ascolta" in talking.story()


def test_supervisor_whispers_to_the_agent_alone_and_joins_and_goes_back_to_listening(house: House) -> None:
    talking = supervised(house)
    for mode, heard in (
        ("whisper", {"client:anna"}),
        ("join", {"client:anna", "caller"}),
        ("whisper", {"client:anna"}),
        ("listen", set()),
    ):
        done(supervise(talking, mode))
        house.wait(1)
        assert hears(talking, f"offri il rimborso {mode}") == heard
    assert len(talking.phones[SARA]) == 1


def test_whisper_from_the_beginning(house: House) -> None:
    talking = supervised(house, "whisper")
    assert hears(talking, "con calma") == {"client:anna"}


def test_supervisor_leaves_and_nobody_notices(house: House) -> None:
    talking = supervised(house)
    done(stop(talking))
    house.wait(3)
    assert talking.phone(SARA).reason == "completed"
    assert talking.hears(talking.caller, "ci siamo ancora") == {"client:anna"}
    assert talking.happened().count("supervising_ended") == 1


@pytest.mark.parametrize("mode", ["listen", "whisper", "join"])
def test_supervisor_who_hangs_up_changes_nothing(house: House, mode: str) -> None:
    talking = supervised(house, mode)
    talking.hang_up(talking.phone(SARA))
    assert talking.status == store.TALKING
    assert talking.hears(talking.caller, "ci siamo ancora") == {"client:anna"}
    assert "Sara Conti è uscito dalla chiamata" in talking.story()
    talking.nobody_is_stuck()


def test_supervisor_whispers_to_whoever_has_the_call_then(house: House) -> None:
    talking = supervised(house, "whisper")
    talking.consulting()
    done(talking.by_agent("complete_transfer"))
    house.wait(4)
    assert hears(talking, "adesso tocca a te") == {"client:luca"}


def test_supervisor_is_not_left_alone_when_the_caller_goes(house: House) -> None:
    talking = supervised(house)
    talking.hang_up(talking.caller)
    house.wait(3)
    assert talking.phone(SARA).reason is not None
    talking.nobody_is_stuck()


def test_supervisors_telephone_that_is_not_answered_changes_nothing(house: House) -> None:
    talking = begin(house)
    talking.phones[SARA] = house.agent_phone(SARA, NoAnswer())
    done(supervise(talking, "listen"))
    house.wait(45)
    assert talking.status == store.TALKING
    assert not heard_once(talking.caller, "è caduta")
    talking.nobody_is_stuck()


def test_supervisor_with_an_agent_is_rung_at_the_agents_telephone(house: House) -> None:
    talking = begin(house)
    done(talking.by_agent("supervise", agent_id="luca", mode="listen"))
    assert house.run_until(lambda: talking.is_in("luca"), 20), talking.legs()
    assert talking.hears(talking.phone("client:luca"), "pronto") == set()
    # No call is offered to who listens to another.
    assert house.agent_state("luca") == "away"
    talking.hang_up(talking.phone("client:luca"))
    assert house.agent_state("luca") == "available"


def test_what_cannot_be_supervised_is_refused(house: House) -> None:
    talking = begin(house)
    assert refused(supervise(talking, "listen", number="12")) == "number_unusable"
    assert refused(supervise(talking, "listen", number="899 123456")) in {"number_dear", "number_unusable"}
    assert refused(supervise(talking, "shout")) == "not_in_this_state"
    assert refused(talking.by_agent("supervise", agent_id="anna", mode="listen")) == "not_in_this_state"
    talking.hang_up(talking.caller)
    assert refused(supervise(talking, "listen")) == "not_connected_yet"
