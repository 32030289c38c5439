"""What an admin sets in one process counts in another's very next call, and in its upkeep, without a restart."""

import time
from datetime import timedelta
from typing import Any

from ivr import database
from ivr.app import create_app
from ivr.calls import fallback
from ivr.company import store
from ivr.line.script import Keys
from ivr.telephony.answers import Connect
from tests.keys import RING
from tests.telephone import House, heard_once, settings_for, talk, understanding

BYE = talk("altro", Keys("5"), "da 1", Keys("2"))


def set_elsewhere(house: House, **wanted: Any) -> None:
    """Change settings in a second process: an application of its own on the same database."""
    engine = database.make_engine(house.engine.url.render_as_string(hide_password=False), RING)
    try:
        other = create_app(
            settings_for("sqlite:///unused"),
            engine=engine,
            clock=house.clock.now,
            understanding=understanding(),
            tick=False,
        )
        wiring = other.extensions["centralino"]
        with wiring.sessions.begin() as session:
            defaults = wiring.doors.company.own.defaults
            saved = store.save(session, wanted, defaults=defaults, version=None, by="Paolo", now=house.clock.now())
        assert isinstance(saved, store.Saved)
    finally:
        engine.dispose()
    # The house's bus is not started, since its time is made: then what stands is looked at twice a second.
    time.sleep(0.6)


def hears_closed(house: House) -> bool:
    house.call(talk("aiutarla", Keys("0")))
    caller = house.parties[-1]
    house.run_until(lambda: heard_once(caller, "chius"), 40)
    return heard_once(caller, "chius")


def test_a_new_closing_day_counts_in_the_next_call(house: House) -> None:
    house.sign_in("anna")
    assert not hears_closed(house)
    set_elsewhere(house, closed_on=[house.clock.now().date().isoformat()])
    assert hears_closed(house)


def test_a_number_begins_in_its_own_language(house: House) -> None:
    number = house.settings.line_number
    set_elsewhere(house, numbers=[{"number": number, "label": "English shop", "language": "en"}])
    house.call()
    house.wait(5)
    assert house.only_call.language == "en"
    assert '"line_label": "English shop"' in house.rows("calls")[0]["state"]


def test_the_emergency_number_is_known_without_asking_the_database(house: House) -> None:
    set_elsewhere(house, emergency_number="+390210420077")
    house.call()
    house.wait(3)
    # What is said when the database is away.
    answer = fallback.answer(house.voice.company)
    assert isinstance(answer, Connect)
    assert answer.number == "+390210420077"


def test_shorter_retention_counts_at_the_next_upkeep(house: House) -> None:
    house.whole_call(talk("aiutarla", Keys("1"), "numero dell'ordine", Keys("2358#"), "CAP", Keys("00184")) + BYE)
    after = house.clock.now() + timedelta(days=12)
    house.ticker.look_after(after)
    assert any(row["prompt"] for row in house.rows("turns"))
    set_elsewhere(house, words_days=10)
    house.ticker.look_after(after + timedelta(hours=2))
    assert not any(row["prompt"] for row in house.rows("turns"))
