"""What happened to a call, in plain sentences of the reader's language: for the agent's screen, the admin's and the demo's print.

One sentence a kind of fact; a fact without a sentence is machinery and is not shown. Callers never hear these words: theirs
are in `prompts`.
"""

from collections.abc import Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any

_IT: Mapping[str, str] = MappingProxyType({
    "proof.number_on_file.accepted": "Il numero chiamante è nella scheda del cliente.",
    "proof.order_and_postcode.accepted": "Ha dato l'ordine {order_number} e il CAP giusto.",
    "proof.order_and_postcode.rejected": "Il CAP dato non è quello dell'ordine {order_number}.",
    "proof.voice.accepted": "La voce è quella registrata.",
    "proof.voice.rejected": "La voce non è stata accettata ({reason}).",
    "proof.voice.inconclusive": "La voce non è stata verificata ({reason}).",
    "proof.digits.accepted": "Ha ripetuto le cifre chieste, e non con un'altra voce.",
    "proof.digits.rejected": "Le cifre chieste non valgono ({reason}).",
    "proof.digits.inconclusive": "Le cifre chieste non provano niente ({reason}).",
    "proof.code.accepted": "Ha dato il codice mandato per SMS al numero in archivio.",
    "proof.code.rejected": "Il codice dato non è quello mandato per SMS.",
    "proof.code.inconclusive": "Il codice non prova niente ({reason}).",
    "step_up.digits": "Chiede di ripetere delle cifre: {why}.",
    "step_up.code": "Manda un codice per SMS: {why}.",
    "step_up.person": "Serve una persona: {why}.",
    "voice_locked": "Per tre chiamate di fila la voce era un'altra: non vale più come prova finché qualcuno non controlla.",
    "code_sent": "Ha mandato un codice per SMS al numero in archivio.",
    "code_not_sent": "Non c'è in archivio un numero a cui mandare un codice.",
    "voice_learnt": "La voce del cliente è registrata: dalla prossima chiamata vale come prova.",
    "voice_being_learnt": "La voce del cliente si sta registrando: mancano {seconds_missing} secondi.",
    "voice_agreed": "{by} ha chiesto se riconoscere il cliente dalla voce: ha detto di sì.",
    "voice_declined": "{by} ha chiesto se riconoscere il cliente dalla voce: ha detto di no.",
    "voice_renewed": "{by} fa registrare la voce di nuovo: quella di prima vale finché la nuova non è completa.",
    "voice_blocked": "{by} ha escluso la voce come prova per questo cliente: {reason}.",
    "voice_unblocked": "{by} ha riammesso la voce come prova per questo cliente.",
    "voice_unlocked": "{by} ha sbloccato la voce del cliente.",
    "voice_erased": "{by} ha cancellato la voce del cliente, su sua richiesta: non ne resta niente.",
    "understood": "Capito: {intent} ({confidence:.0%}).",
    "doubtful": "Incerto fra {first} e {second}: lo ha chiesto.",
    "keyed": "Ha scelto con i tasti: {intent}.",
    "reprompted": "Ha ripetuto la domanda con altre parole ({why}).",
    "read_back": "Ha ripetuto il valore capito e ha chiesto se è giusto.",
    "confirmed": "Chi chiama ha detto che il valore è giusto.",
    "corrected": "Chi chiama ha corretto il valore.",
    "person": "Passa a una persona: {why}.",
    "language": "Continua in un'altra lingua: {language}.",
    "exhausted": "Tentativi finiti ({tries}).",
    "looked_up_order": "Ha cercato l'ordine {order_number}: {status}, giorni di ritardo: {days_late}.",
    "opened.return": "Ha aperto il reso {number}.",
    "opened.complaint": "Ha aperto la pratica {number} (reclamo).",
    "opened.question": "Ha aperto la pratica {number} (domanda).",
    "opened.callback": "Ha aperto la pratica {number} (da richiamare).",
    "refused.return": "Il reso non si può aprire: {reason}.",
    "callback": "Ha promesso di richiamare il {number}.",
    "message": "Ha mandato un messaggio al {number}.",
    "consent.granted": "Ha dato il consenso: {purpose}.",
    "consent.refused": "Non ha dato il consenso: {purpose}.",
    "consent_unclear": "Risposta non chiara sul consenso {purpose}: vale come un no in questa chiamata.",
    "queued": "In attesa di una persona con competenza {skill}, livello {level} o più: {reason}.",
    "offered": "Chiamata proposta a {agent}.",
    "accepted": "{agent} ha accettato.",
    "declined": "{agent} ha rifiutato.",
    "agent_answered": "{agent} ha risposto.",
    "agent_unreachable": "Il telefono di {agent} non ha risposto ({reason}): la chiamata torna al suo posto.",
    "line_lost": "È caduta la linea con {agent} ({reason}): la chiamata passa davanti a tutte.",
    "missed": "{agent} non ha risposto in tempo.",
    "brought_to_agent": "Il cliente parla con {agent}.",
    "agent_left": "{agent} ha chiuso la conversazione.",
    "held": "In attesa con musica.",
    "resumed": "Conversazione ripresa.",
    "effort": "Punteggio di sforzo: {score} su 7.",
    "finished": "Esito: {outcome}. {note}",
    "case_closed": "{agent} ha chiuso la pratica {case}: {note}",
    "texted": "{agent} ha mandato un SMS al {number}: «{text}»",
    "ended": "Fine della chiamata.",
    "listened": "{by} ha riascoltato la voce del cliente (turno {turn}).",
    "record_broken": "La scheda del cliente non si può aprire: non è stata usata. Avvisate chi cura il servizio.",
    "broken": "[non si può aprire]",
    "given_up": "Dalla linea non arrivava più niente: la chiamata è considerata finita.",
})  # fmt: skip

_EN: Mapping[str, str] = MappingProxyType({
    "proof.number_on_file.accepted": "The calling number is on the customer's file.",
    "proof.order_and_postcode.accepted": "Gave order {order_number} and the right postcode.",
    "proof.order_and_postcode.rejected": "The postcode given is not the one of order {order_number}.",
    "proof.voice.accepted": "The voice is the enrolled one.",
    "proof.voice.rejected": "The voice was not accepted ({reason}).",
    "proof.voice.inconclusive": "The voice was not verified ({reason}).",
    "proof.digits.accepted": "Said the digits that were asked for, and in no other voice.",
    "proof.digits.rejected": "The digits do not count ({reason}).",
    "proof.digits.inconclusive": "The digits prove nothing ({reason}).",
    "proof.code.accepted": "Gave the code that was sent by text message to the number on file.",
    "proof.code.rejected": "The code given is not the one that was sent.",
    "proof.code.inconclusive": "The code proves nothing ({reason}).",
    "step_up.digits": "Asks for digits to be said: {why}.",
    "step_up.code": "Sends a code by text message: {why}.",
    "step_up.person": "A person is needed: {why}.",
    "voice_locked": "Three calls in a row had another voice: it proves nothing until somebody has looked into it.",
    "code_sent": "Sent a code by text message to the number on file.",
    "code_not_sent": "There is no number on file that a code could be sent to.",
    "voice_learnt": "The customer's voice is enrolled: from the next call on it counts as proof.",
    "voice_being_learnt": "The customer's voice is being learnt: {seconds_missing} seconds are missing.",
    "voice_agreed": "{by} asked whether to recognise the customer by voice: yes.",
    "voice_declined": "{by} asked whether to recognise the customer by voice: no.",
    "voice_renewed": "{by} has the voice enrolled anew: the old one counts until the new one is complete.",
    "voice_blocked": "{by} ruled the voice out as a proof for this customer: {reason}.",
    "voice_unblocked": "{by} let the voice count again as a proof for this customer.",
    "voice_unlocked": "{by} unlocked the customer's voice.",
    "voice_erased": "{by} erased the customer's voice at their wish: nothing of it is left.",
    "understood": "Understood: {intent} ({confidence:.0%}).",
    "doubtful": "Unsure between {first} and {second}: asked.",
    "keyed": "Chose by key: {intent}.",
    "reprompted": "Asked again in other words ({why}).",
    "read_back": "Read back the value that was heard and asked whether it was right.",
    "confirmed": "The caller said that the value was right.",
    "corrected": "The caller corrected the value.",
    "person": "Goes to a person: {why}.",
    "language": "Goes on in another language: {language}.",
    "exhausted": "No tries left ({tries}).",
    "looked_up_order": "Looked up order {order_number}: {status}, days late: {days_late}.",
    "opened.return": "Opened return {number}.",
    "opened.complaint": "Opened case {number} (complaint).",
    "opened.question": "Opened case {number} (question).",
    "opened.callback": "Opened case {number} (call back).",
    "refused.return": "The return cannot be opened: {reason}.",
    "callback": "Promised to call back {number}.",
    "message": "Sent a text message to {number}.",
    "consent.granted": "Gave consent: {purpose}.",
    "consent.refused": "Did not consent: {purpose}.",
    "consent_unclear": "Unclear answer about consent {purpose}: counts as a no in this call.",
    "queued": "Waits for a person with skill {skill}, level {level} or higher: {reason}.",
    "offered": "Offered to {agent}.",
    "accepted": "{agent} accepted.",
    "declined": "{agent} declined.",
    "agent_answered": "{agent} answered.",
    "agent_unreachable": "The telephone of {agent} did not answer ({reason}): the call is back in its place.",
    "line_lost": "The line to {agent} was lost ({reason}): the call goes ahead of all others.",
    "missed": "{agent} did not answer in time.",
    "brought_to_agent": "The caller talks with {agent}.",
    "agent_left": "{agent} ended the talk.",
    "held": "On hold with music.",
    "resumed": "The talk goes on.",
    "effort": "Effort score: {score} of 7.",
    "finished": "Outcome: {outcome}. {note}",
    "case_closed": "{agent} closed case {case}: {note}",
    "texted": "{agent} sent a text message to {number}: “{text}”",
    "ended": "End of the call.",
    "listened": "{by} listened to the caller's voice (turn {turn}).",
    "record_broken": "The customer's record cannot be opened: it was not used. Tell whoever looks after the service.",
    "broken": "[cannot be opened]",
    "given_up": "Nothing came from the line any more: the call is taken to be over.",
})  # fmt: skip

SENTENCES: Mapping[str, Mapping[str, str]] = MappingProxyType({"it": _IT, "en": _EN})

_TERMS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "it": MappingProxyType({
        "order_status": "stato dell'ordine", "return": "reso", "product_question": "domanda su un prodotto",
        "complaint": "reclamo",
        "yes": "sì", "no": "no", "repeat": "ripetere", "nothing_else": "nient'altro", "privacy": "uso dei dati",
        "withdraw_consent": "revoca del consenso", "english": "inglese", "italian": "italiano",
        "said nothing": "non ha detto niente", "was not understood": "non è stato capito",
        "person": "una persona", "silence": "silenzio", "asked for a person": "lo ha chiesto", "shipped": "spedito",
        "preparing": "in preparazione", "delivered": "consegnato", "cancelled": "annullato",
        "too_late": "oltre i giorni di recesso",
        "not_delivered": "non ancora consegnato", "voice_verification": "riconoscimento della voce",
        "contact_history": "memoria delle chiamate", "call_audio": "conservazione della voce",
        "not understood three times": "tre volte non capito",
        "the line could not finish": "la linea non ha potuto finire",
        "the value read back was not agreed to": "il valore ripetuto non era giusto",
        "identity not proved": "identità non provata",
        "no voice is looked at here": "qui le voci non si guardano",
        "nobody is known whose voice it could be": "non si sa di chi dovrebbe essere la voce",
        "the voice is unlike the enrolled one": "la voce non somiglia a quella registrata",
        "this recording has been heard before": "questa registrazione si è già sentita",
        "the speech is played or made by a machine": "il parlato è riprodotto o fatto da una macchina",
        "the customer has not consented to voice verification": "il cliente non ha dato il consenso alla voce",
        "no voice is enrolled": "non c'è una voce registrata",
        "no encoder can be had": "in questo momento nessuno può confrontare le voci",
        "the encoder has no calibration": "non è stabilito quanto le voci debbano somigliarsi",
        "too little speech": "ha parlato troppo poco",
        "voiceprint, evidence and calibration come from different encoders": "la voce è registrata con un altro metodo",
        "the likeness is neither clear nor clearly absent": "la somiglianza non è chiara",
        "the voiceprint is dated after the call": "la data della registrazione viene dopo la chiamata",
        "no voice proves this customer": "per questo cliente la voce non vale come prova",
        "the digits are wrong": "le cifre sono sbagliate",
        "no voice was heard saying them": "non si è sentita una voce che le dicesse",
        "nothing was asked for": "non era stato chiesto niente",
        "the code is too old": "il codice è scaduto",
        "too many tries": "troppi tentativi",
        "the number is on file": "il numero è in archivio",
        "order and postcode were given": "ha dato ordine e CAP",
        "the voice is the enrolled one": "la voce è quella registrata",
        "the voice is the enrolled one, and is spoken now": "la voce è quella registrata, e parla adesso",
        "the digits were said by the enrolled voice": "la voce registrata ha detto le cifre",
        "the code that was sent was given": "ha dato il codice mandato",
        "two proofs of different kinds were given": "ha dato due prove di tipo diverso",
        "the voice was rejected three times in a row": "la voce è stata respinta tre volte di fila",
        "what was heard may be a recording or a made voice": "può essere una registrazione o una voce finta",
        "the voice was ruled out by a person": "una persona ha escluso la voce",
        "the request asks more than one kind of proof": "la richiesta vuole prove di tipo diverso",
        "there are alerts on who claims to be this customer": "ci sono allarmi su chi dice di essere questo cliente",
        "the number is not on file": "il numero non è in archivio",
        "no_wish": "il cliente non vuole", "alike": "in casa c'è una voce simile", "abuse": "si sospetta un abuso",
        "unsuited": "la voce non si riconosce bene",
    }),
    "en": MappingProxyType({
        "order_status": "order status", "return": "return", "product_question": "product question", "complaint": "complaint",
        "nothing_else": "nothing else", "withdraw_consent": "withdrawal of consent",
        "person": "a person", "too_late": "after the days of withdrawal", "not_delivered": "not delivered yet",
        "voice_verification": "voice verification", "contact_history": "memory of calls",
        "call_audio": "keeping of the voice",
        "no_wish": "the customer does not want it", "alike": "a voice at home is alike", "abuse": "abuse is suspected",
        "unsuited": "the voice is not recognised well",
    }),
})  # fmt: skip


def sentence(kind: str, details: Mapping[str, Any], language: str) -> str:
    """A fact as one sentence of `language` (it, en); "" for a fact that is not for people."""
    sentences, terms = SENTENCES[language], _TERMS[language]
    template = sentences.get(_key(kind, details), "")
    if not template:
        return ""
    wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not wanted <= {key for key, value in details.items() if value is not None}:
        return ""
    shown = {key: terms.get(value, value) if isinstance(value, str) else value for key, value in details.items()}
    return template.format(**shown).strip()


def term(code: str, language: str) -> str:
    """A reason or another code of the story in plain words of `language` (it, en); one without words is shown as it is."""
    return _TERMS[language].get(code, code)


def _key(kind: str, details: Mapping[str, Any]) -> str:
    match kind:
        case "proof":
            return f"proof.{details.get('proof')}.{details.get('outcome')}"
        case "step_up":
            return f"step_up.{details.get('to')}"
        case "opened" | "refused":
            return f"{kind}.{details.get('kind')}"
        case "consent":
            return "consent.granted" if details.get("granted") else "consent.refused"
        case _:
            return kind
