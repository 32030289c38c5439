"""A customer's audio, told by telephone: withdrawn by a word in any call, and gone when its time is over."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ivr import database, trial
from ivr.calls import audio
from ivr.calls.tables import Call
from ivr.customers import store as customers
from ivr.line.script import HangUp, Say, WaitFor
from tests.telephone import House

Houses = Callable[..., House]
EARLIER_CALL = "CA" + "7" * 32
PCM = bytes(range(256)) * 40


def mario_was_heard(house: House, *, consented_at: datetime) -> None:
    """In a call of before, Mario agreed that what he says is kept."""
    with database.session_factory(house.engine).begin() as session:
        (mario,) = customers.by_number(session, trial.MARIO)
        session.add(
            Call(
                call_id=EARLIER_CALL, from_number=trial.MARIO, to_number=house.settings.line_number, flow="shop",
                flow_version=1, listening="stream", language="it", status="ended", started_at=consented_at,
                ended_at=consented_at, customer_id=mario.customer_id, turn=4,
            )
        )  # fmt: skip
        session.flush()
        customers.record_consent(
            session, customer_id=mario.customer_id, purpose=customers.CALL_AUDIO, granted=True, wording="consent_audio",
            wording_version=1, language="it", call_id=EARLIER_CALL, now=consented_at,
        )  # fmt: skip
        assert audio.keep(
            session, call_id=EARLIER_CALL, turn=3, pcm=PCM, now=consented_at, days=house.settings.audio_days
        )


def test_consent_withdrawn_by_word_in_a_later_call_erases_what_was_kept(new_house: Houses) -> None:
    house = new_house()
    mario_was_heard(house, consented_at=house.clock.now() - timedelta(days=2))
    assert len(house.rows("call_audio")) == 1
    house.whole_call(
        [
            WaitFor("aiutarla"),
            Say("voglio revocare il consenso"),
            WaitFor("consens"),
            HangUp(),
        ],
        from_=trial.MARIO,
    )
    answers = [(row["purpose"], bool(row["granted"])) for row in house.rows("consents")]
    assert answers[-1] == (customers.CALL_AUDIO, False), answers
    assert house.rows("call_audio") == []


def test_what_is_over_is_erased_by_time_alone(new_house: Houses) -> None:
    house = new_house(audio_days=30)
    mario_was_heard(house, consented_at=house.clock.now() - timedelta(days=30) + timedelta(seconds=90))
    house.wait(60)
    assert len(house.rows("call_audio")) == 1
    house.wait(120)
    assert house.rows("call_audio") == []
