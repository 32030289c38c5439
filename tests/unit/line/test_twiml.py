import pytest

from ivr.line.twiml import Document, Refused, parse


def read(body: str, url: str | None = "https://service.test/voice") -> Document | Refused:
    return parse(f"<Response>{body}</Response>", url=url)


@pytest.mark.parametrize(
    "body",
    [
        "<Say voice='Polly.Bianca-Neural' language='it-IT'>Ciao</Say>",
        "<Gather input='dtmf speech' language='it-IT' hints='ordine, reso'><Say>Dica</Say><Pause/></Gather>",
        "<Enqueue waitUrl='/wait' action='/queued'>sales</Enqueue>",
        "<Dial action='/after'><Conference startConferenceOnEnter='true' participantLabel='caller'>room</Conference></Dial>",
        "<Dial><Number url='/whisper'>+390212345678</Number><Client>anna</Client><Sip>sip:anna@pbx.test</Sip></Dial>",
        "<Connect><Stream url='wss://a.test/media'><Parameter name='turn' value='1'/></Stream></Connect><Redirect>/x</Redirect>",
        "<Start><Stream url='wss://a.test/m' track='both_tracks' name='fork'/></Start><Stop><Stream name='fork'/></Stop>",
        "<Record maxLength='30' finishOnKey='#'/><Reject reason='busy'/><Hangup/><Leave/>",
    ],
)
def test_what_we_emit_is_accepted(body: str) -> None:
    assert isinstance(read(body), Document)


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        ("<Sing/>", 12200, "<Sing>"),
        ("<Say pitch='high'>a</Say>", 12200, "'pitch'"),
        ("<Say/>", 12200, "<Say>"),
        ("<Gather><Dial>1</Dial></Gather>", 12200, "<Dial>"),
        ("<Gather timeout='soon'/>", 12200, "'timeout'"),
        ("<Gather speechTimeout='auto' speechModel='phone_call'/>", 12200, "speechTimeout"),
        ("<Gather hints='" + "a" * 101 + "'/>", 12200, "'hints'"),
        ("<Dial><Conference>a</Conference><Number>1</Number></Dial>", 12200, "alone"),
        ("<Dial record='true'>1</Dial>", 12200, "'record'"),
        ("<Connect><Stream url='wss://a.test/m?x=1'/></Connect>", 12200, "'url'"),
        ("<Enqueue>" + "q" * 65 + "</Enqueue>", 12200, "64"),
        ("words", 12200, "text"),
        ("<Say>", 12100, "XML"),
    ],
)
def test_what_is_not_known_is_refused_by_name(body: str, code: int, named: str) -> None:
    refused = read(body)
    assert isinstance(refused, Refused)
    assert refused.code == code
    assert named in refused.reason


def test_inline_document_needs_absolute_urls() -> None:
    refused = read("<Gather action='/relative'/>", url=None)
    assert isinstance(refused, Refused)
    assert refused.code == 11100


def test_doctype_is_refused() -> None:
    refused = parse("<!DOCTYPE a [<!ENTITY b 'c'>]><Response/>", url=None)
    assert isinstance(refused, Refused)
