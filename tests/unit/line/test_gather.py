from ivr.line.exchange import Habits
from ivr.line.party import Ended
from ivr.line.script import HangUp, Keys, Say, Silence, WaitFor
from tests.unit.line.line_bench import NUMBER, Bench, make_bench

MENU = '<Gather input="dtmf speech" action="/heard" timeout="4" speechTimeout="2" numDigits="2"><Say>{}</Say></Gather>'
QUESTION = MENU.format("Come posso aiutarla oggi, mi dica pure con parole sue?")


def test_first_request_rings_and_the_next_one_is_in_progress(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    leg, party = bench.call([WaitFor("aiutarla"), Say("dov'è il mio ordine")], StirVerstat="No-TN-Validation")
    first, second = bench.service.of("/voice")[0], bench.service.of("/heard")[0]
    assert (first["CallStatus"], second["CallStatus"]) == ("ringing", "in-progress")
    assert first["Direction"] == "inbound"
    assert first["Caller"] == first["From"]
    assert first["Called"] == NUMBER
    assert first["FromCountry"] == "IT"
    assert first["StirVerstat"] == "No-TN-Validation"
    assert second["SpeechResult"] == "dov'è il mio ordine"
    assert second["Confidence"] == "0.9"
    assert "Digits" not in second
    assert leg.status == "completed"
    assert party.reason is Ended.COMPLETED
    party.check()


def test_words_come_after_the_speech_timeout(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    at = []
    bench.service.answers["/heard"] = lambda _: at.append(bench.clock.microseconds) or "<Hangup/>"
    party = bench.party(WaitFor("aiutarla"), Say("ordine", after_seconds=1))
    bench.line.call("+39", NUMBER, party)
    bench.clock.run_until(lambda: bool(at), 60)
    prompt = party.transcript[0]
    # 1 s pause, 0.4 s of the word at least, 2 s of speechTimeout
    assert at[0] / 1e6 == round(prompt.at_seconds + prompt.heard.seconds + 1 + 0.4 + 2, 6)


def test_key_in_the_middle_of_the_prompt_stops_it(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    leg, _ = bench.call([Silence(0.3), Keys("12")])
    assert bench.service.of("/heard")[0]["Digits"] == "12"
    assert leg.duration_seconds() <= 2


def test_keys_win_over_words_that_come_later(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    bench.call([WaitFor("aiutarla"), Keys("1"), Say("operatore"), Silence(9)])
    assert bench.service.of("/heard")[0]["Digits"] == "1"
    assert "SpeechResult" not in bench.service.of("/heard")[0]


def test_words_win_over_keys_that_come_later(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    bench.call([WaitFor("aiutarla"), Say("operatore"), Keys("1"), Silence(9)])
    assert bench.service.of("/heard")[0]["SpeechResult"] == "operatore"
    assert "Digits" not in bench.service.of("/heard")[0]


def test_silent_caller_falls_through_to_the_next_verb(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION + "<Say>Non ho sentito</Say>"}
    leg, party = bench.call()
    assert party.heard[-1] == "Non ho sentito"
    assert bench.service.of("/heard") == []
    first, second = party.transcript
    assert round(second.at_seconds - first.at_seconds - first.heard.seconds, 3) == 4
    assert leg.status == "completed"


def test_action_on_empty_result_asks_the_action_all_the_same(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION.replace("timeout", 'actionOnEmptyResult="true" timeout', 1)}
    bench.call()
    assert bench.service.of("/heard")[0]["Digits"] == ""


def test_finish_key_ends_and_is_not_sent(bench: Bench) -> None:
    bench.service.answers = {"/voice": '<Gather action="/heard" timeout="9"><Say>Codice</Say></Gather>'}
    bench.call([WaitFor("codice"), Keys("123#")])
    assert bench.service.of("/heard")[0]["Digits"] == "123"


def test_finish_key_alone_is_like_silence(bench: Bench) -> None:
    bench.service.answers = {"/voice": '<Gather action="/heard"><Say>Codice</Say></Gather><Say>niente</Say>'}
    _, party = bench.call([WaitFor("codice"), Keys("#")])
    assert bench.service.of("/heard") == []
    assert party.heard[-1] == "niente"


def test_gather_without_action_comes_back_to_its_own_document(bench: Bench) -> None:
    bench.service.answers = {"/voice": lambda p: "<Hangup/>" if "Digits" in p else "<Gather numDigits='1'/>"}
    bench.call([Keys("5")])
    assert [p.get("Digits") for p in bench.service.of("/voice")] == [None, "5"]


def test_noise_is_no_input_and_keys_still_count(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    bench.call([WaitFor("aiutarla"), Say("rumore", heard_as=""), Keys("12")])
    assert bench.service.of("/heard")[0]["Digits"] == "12"


def test_confidence_may_be_absent(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    bench.call([WaitFor("aiutarla"), Say("reso", confidence=None)])
    assert "Confidence" not in bench.service.of("/heard")[0]


def test_two_phrases_with_a_short_pause_are_one_result(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION, "/heard": "<Hangup/>"}
    bench.call([WaitFor("aiutarla"), Say("vorrei fare"), Say("un reso", after_seconds=1)])
    assert bench.service.of("/heard")[0]["SpeechResult"] == "vorrei fare un reso"


def test_hang_up_during_gather_asks_nothing_more(bench: Bench) -> None:
    bench.service.answers = {"/voice": QUESTION}
    leg, _ = bench.call([WaitFor("aiutarla"), HangUp()])
    assert leg.status == "completed"
    assert bench.service.of("/heard") == []
    assert [p["CallStatus"] for p in bench.service.of("/status")] == ["completed"]


def test_unknown_parameter_is_sent_on_demand() -> None:
    bench = make_bench(habits=Habits(unknown_parameters={"Novelty": "1"}))
    bench.call()
    assert bench.service.of("/voice")[0]["Novelty"] == "1"
