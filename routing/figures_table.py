"""All figures, in the order in which a report shows them; `docs/reports.md` is written from this table. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from routing.figures_counted import GroupBy
from routing.figures_defined import Figure, Share, Terms, Unit, Worth, mean_seconds, percentile, service_level, until
from routing.figures_records import Counts

_STAYS = "routing_stays"
_STATES = "routing_agent_states"
# Whoever answers does not decide how long a caller has waited before.
_NOT_BY_AGENT = frozenset({GroupBy.AGENT})
# An agent's free time belongs to all the queues that the agent serves.
_NOT_BY_CALL = frozenset({GroupBy.QUEUE, GroupBy.SKILL, GroupBy.INTENT})

_NO_CALLS = {"it": "nessuna chiamata di cui si possa dire", "en": "no call of which it can be told"}
_NO_CALLS_NOR_AGENT = {
    "it": "nessuna chiamata di cui si possa dire; mai per operatore, perché l'attesa viene prima dell'operatore",
    "en": "no call of which it can be told; never by agent, since the wait comes before the agent",
}
_NOBODY_ANSWERED = {
    "it": "nessuna risposta; mai per operatore, perché l'attesa viene prima dell'operatore",
    "en": "nothing was answered; never by agent, since the wait comes before the agent",
}
_NO_TALKS = {"it": "nessuna conversazione conclusa", "en": "no talk is over"}
_NEVER = {"it": "mai", "en": "never"}


def _finished(counts: Counts) -> int:
    return counts.offered - counts.waiting


def _counting(code: str) -> Callable[[Counts, Terms], Worth]:
    return lambda counts, _: int(getattr(counts, code))


_ALL = (
    Figure(
        code="offered",
        names={"it": "Chiamate", "en": "Calls"},
        definitions={
            "it": "Chiamate che hanno chiesto una persona; ciascuna una volta sola, anche se trasferita o passata a "
            "un'altra coda, nella coda in cui finisce la prima attesa.",
            "en": "Calls that asked for a person; each once, however often transferred or passed to another queue, in the queue "
            "where the first wait ends.",
        },
        unit=Unit.COUNT,
        formula="count(first waits)",
        counted_from=_STAYS,
        undefined=_NEVER,
        worth=_counting("offered"),
    ),
    Figure(
        code="answered",
        names={"it": "Risposte", "en": "Answered"},
        definitions={
            "it": "Chiamate la cui prima attesa è finita con un operatore in linea.",
            "en": "Calls whose first wait ended with an agent on the line.",
        },
        unit=Unit.COUNT,
        formula="count(first waits with connected_at)",
        counted_from=_STAYS,
        undefined=_NEVER,
        worth=_counting("answered"),
    ),
    Figure(
        code="abandoned",
        names={"it": "Abbandonate", "en": "Abandoned"},
        definitions={
            "it": "Chiamate in cui chi chiama ha riagganciato prima di sentire un operatore.",
            "en": "Calls whose caller hung up before hearing an agent.",
        },
        unit=Unit.COUNT,
        formula="count(first waits with outcome abandoned)",
        counted_from=_STAYS,
        undefined=_NEVER,
        worth=_counting("abandoned"),
    ),
    Figure(
        code="service_level",
        names={"it": "Livello di servizio", "en": "Service level"},
        definitions={
            "it": "Quota delle chiamate a cui un operatore ha risposto entro la soglia (80/20: l'80% entro 20 secondi). Chi "
            "riaggancia entro la soglia non conta, salvo scelta diversa; chi riaggancia, sceglie la richiamata o aspetta "
            "ancora oltre la soglia conta contro. L'attesa va dalla prima coda alla voce dell'operatore.",
            "en": "Share of the calls that an agent answered within the threshold (80/20: 80% within 20 seconds). Who hangs up "
            "within the threshold does not count, unless chosen otherwise; who hangs up, chooses a callback or still waits "
            "beyond it counts against. The wait runs from the first queue to the agent's voice.",
        },
        unit=Unit.SHARE,
        formula="answered within T / (answered + abandoned after T + left otherwise after T + waiting longer than T)",
        counted_from=_STAYS,
        undefined=_NO_CALLS_NOR_AGENT,
        worth=service_level,
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="speed_of_answer",
        names={"it": "Attesa media", "en": "Speed of answer"},
        definitions={
            "it": "Attesa media delle chiamate con risposta, dall'ingresso nella prima coda alla voce dell'operatore.",
            "en": "Mean wait of the answered calls, from entering the first queue to the agent's voice.",
        },
        unit=Unit.SECONDS,
        formula="sum(connected_at - first enqueued_at) / answered",
        counted_from=_STAYS,
        undefined=_NOBODY_ANSWERED,
        worth=lambda counts, _: mean_seconds(counts.answer_us, counts.answered),
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="speed_median",
        names={"it": "Attesa mediana", "en": "Median wait"},
        definitions={
            "it": "Metà delle chiamate con risposta ha atteso al massimo tanti secondi.",
            "en": "Half of the answered calls waited so many seconds at most.",
        },
        unit=Unit.SECONDS,
        formula="50th percentile of the waits in begun seconds, nearest rank",
        counted_from=_STAYS,
        undefined=_NOBODY_ANSWERED,
        worth=lambda counts, _: percentile(counts.answered_after, 0.5),
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="speed_90",
        names={"it": "Attesa, 9 su 10", "en": "Wait, 9 in 10"},
        definitions={
            "it": "Nove chiamate con risposta su dieci hanno atteso al massimo tanti secondi.",
            "en": "Nine in ten of the answered calls waited so many seconds at most.",
        },
        unit=Unit.SECONDS,
        formula="90th percentile of the waits in begun seconds, nearest rank",
        counted_from=_STAYS,
        undefined=_NOBODY_ANSWERED,
        worth=lambda counts, _: percentile(counts.answered_after, 0.9),
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="abandonment",
        names={"it": "Abbandono", "en": "Abandonment"},
        definitions={
            "it": "Quota delle chiamate in cui chi chiama ha riagganciato in attesa, per quanto breve, di tutte quelle "
            "la cui prima attesa è finita.",
            "en": "Share of calls whose caller hung up while waiting, however short, of all whose first wait is over.",
        },
        unit=Unit.SHARE,
        formula="abandoned / (offered - still waiting)",
        counted_from=_STAYS,
        undefined=_NO_CALLS_NOR_AGENT,
        worth=lambda counts, _: Share(part=counts.abandoned, whole=_finished(counts)),
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="short_abandons",
        names={"it": "Abbandoni brevi", "en": "Short abandons"},
        definitions={
            "it": "Quota delle chiamate abbandonate entro la soglia del livello di servizio, di tutte quelle la cui prima "
            "attesa è finita: fanno parte dell'abbandono.",
            "en": "Share of calls abandoned within the service level's threshold, of all whose first wait is over: they are "
            "part of the abandonment.",
        },
        unit=Unit.SHARE,
        formula="abandoned within T / (offered - still waiting)",
        counted_from=_STAYS,
        undefined=_NO_CALLS_NOR_AGENT,
        worth=lambda counts, terms: Share(
            part=until(counts.abandoned_after, terms.service_seconds), whole=_finished(counts)
        ),
        never_by=_NOT_BY_AGENT,
    ),
    Figure(
        code="callbacks",
        names={"it": "Richiamate scelte", "en": "Callbacks chosen"},
        definitions={
            "it": "Chiamate in cui chi chiama, in attesa, ha scelto di essere richiamato.",
            "en": "Calls whose caller, while waiting, chose to be called back.",
        },
        unit=Unit.COUNT,
        formula="count(first waits with outcome callback)",
        counted_from=_STAYS,
        undefined=_NEVER,
        worth=_counting("callbacks"),
    ),
    Figure(
        code="callbacks_reached",
        names={"it": "Richiamate riuscite", "en": "Callbacks reached"},
        definitions={
            "it": "Quota delle richiamate giunte al loro turno e concluse in cui il cliente ha parlato con un operatore.",
            "en": "Share of the callbacks whose turn has come and is over in which the customer talked with an agent.",
        },
        unit=Unit.SHARE,
        formula="callbacks with connected_at / callbacks that are over",
        counted_from=_STAYS,
        undefined={"it": "nessuna richiamata conclusa", "en": "no callback is over"},
        worth=lambda counts, _: Share(part=counts.callbacks_reached, whole=counts.callbacks_called),
    ),
    Figure(
        code="talks",
        names={"it": "Conversazioni", "en": "Talks"},
        definitions={
            "it": "Conversazioni di un operatore con chi chiama; una chiamata trasferita ne ha una per operatore.",
            "en": "Talks of an agent with a caller; a transferred call has one for each agent.",
        },
        unit=Unit.COUNT,
        formula="count(stays with connected_at)",
        counted_from=_STAYS,
        undefined=_NEVER,
        worth=_counting("talks"),
    ),
    Figure(
        code="handling",
        names={"it": "Gestione media", "en": "Handling time"},
        definitions={
            "it": "Durata media di una conversazione con attesa in linea e chiusura; contano quelle concluse.",
            "en": "Mean length of a talk with hold and wrap-up; those that are over count.",
        },
        unit=Unit.SECONDS,
        formula="(talk + hold + wrap-up) / talks that are over",
        counted_from=_STAYS,
        undefined=_NO_TALKS,
        worth=lambda counts, _: mean_seconds(counts.talk_us + counts.hold_us + counts.wrap_up_us, counts.handled),
    ),
    Figure(
        code="talk",
        names={"it": "Conversazione media", "en": "Talk time"},
        definitions={
            "it": "Tempo medio in cui operatore e chi chiama si sentono, senza le attese in linea.",
            "en": "Mean time in which agent and caller hear each other, holds left out.",
        },
        unit=Unit.SECONDS,
        formula="sum(ended_at - connected_at - held_seconds) / talks that are over",
        counted_from=_STAYS,
        undefined=_NO_TALKS,
        worth=lambda counts, _: mean_seconds(counts.talk_us, counts.handled),
    ),
    Figure(
        code="hold",
        names={"it": "Attesa in linea", "en": "Hold time"},
        definitions={
            "it": "Tempo medio in cui chi chiama è stato lasciato con la musica durante la conversazione.",
            "en": "Mean time for which the caller was parked with music during the talk.",
        },
        unit=Unit.SECONDS,
        formula="sum(held_seconds) / talks that are over",
        counted_from=_STAYS,
        undefined=_NO_TALKS,
        worth=lambda counts, _: mean_seconds(counts.hold_us, counts.handled),
    ),
    Figure(
        code="wrap_up",
        names={"it": "Chiusura media", "en": "Wrap-up"},
        definitions={
            "it": "Tempo medio dalla fine della conversazione alla fine della chiusura.",
            "en": "Mean time from the end of the talk to the end of the wrap-up.",
        },
        unit=Unit.SECONDS,
        formula="sum(wrap_up_ended_at - ended_at) / talks that are over",
        counted_from=_STAYS,
        undefined=_NO_TALKS,
        worth=lambda counts, _: mean_seconds(counts.wrap_up_us, counts.handled),
    ),
    Figure(
        code="occupancy",
        names={"it": "Occupazione", "en": "Occupancy"},
        definitions={
            "it": "Quota del tempo in servizio che gli operatori passano in conversazione o in chiusura. In servizio: "
            "disponibili, in proposta, in conversazione, in chiusura; le assenze e le proposte perse non contano.",
            "en": "Share of their time on duty that agents spend in talks or wrap-up. On duty: available, being rung, on a "
            "call, in wrap-up; time away or after a missed offer does not count.",
        },
        unit=Unit.SHARE,
        formula="(on_call + wrap_up) / (available + offered + on_call + wrap_up)",
        counted_from=_STATES,
        undefined={
            "it": "nessun operatore in servizio; mai per coda, competenza o motivo (anche come filtro), perché il tempo libero "
            "di un operatore appartiene a tutte le sue code",
            "en": "no agent on duty; never by queue, skill or intent (as a filter too), since an agent's free time belongs to "
            "all of the agent's queues",
        },
        worth=lambda counts, _: counts.busy_us / counts.staffed_us if counts.staffed_us else None,
        never_by=_NOT_BY_CALL,
    ),
    Figure(
        code="transfers",
        names={"it": "Trasferite", "en": "Transfers"},
        definitions={
            "it": "Quota delle conversazioni che l'operatore ha passato a un altro.",
            "en": "Share of the talks that the agent passed on to another.",
        },
        unit=Unit.SHARE,
        formula="talks followed by a transferred stay / talks",
        counted_from=_STAYS,
        undefined={"it": "nessuna conversazione", "en": "no talk"},
        worth=lambda counts, _: Share(part=counts.handed_on, whole=counts.talks),
    ),
    Figure(
        code="wait_again",
        names={"it": "Attesa dopo il trasferimento", "en": "Wait after a transfer"},
        definitions={
            "it": "Attesa media di chi ha già parlato con un operatore e aspetta il prossimo; non entra nell'attesa media.",
            "en": "Mean wait of those who have talked with an agent and wait for the next; it is no part of the speed of answer.",
        },
        unit=Unit.SECONDS,
        formula="sum(connected_at - enqueued_at) / later waits that were answered",
        counted_from=_STAYS,
        undefined={"it": "nessuna seconda attesa con risposta", "en": "no later wait was answered"},
        worth=lambda counts, _: mean_seconds(counts.again_us, counts.again),
    ),
    Figure(
        code="first_contact_resolution",
        names={"it": "Risolte al primo contatto", "en": "First-contact resolution"},
        definitions={
            "it": "Quota dei primi contatti telefonici per un motivo dopo i quali il cliente, entro 7 giorni e su qualsiasi "
            "canale, non è tornato per lo stesso motivo, e che l'operatore non ha segnato come irrisolti. Contano i contatti di "
            "cui i 7 giorni sono passati.",
            "en": "Share of the first telephone contacts for a reason after which the customer did not come back for the same "
            "reason within 7 days on any channel, and which the agent did not mark as unsolved. Contacts count once their 7 days "
            "are over.",
        },
        unit=Unit.SHARE,
        formula="first contacts without a return and not unsolved / first contacts of 7 days ago or longer",
        counted_from="contacts",
        undefined={
            "it": "nessun primo contatto di almeno 7 giorni fa con cliente e motivo noti",
            "en": "no first contact of at least 7 days ago with a known customer and reason",
        },
        worth=lambda counts, _: Share(part=counts.solved_first, whole=counts.first_contacts),
    ),
    Figure(
        code="repeats",
        names={"it": "Ripetute entro 7 giorni", "en": "Repeats within 7 days"},
        definitions={
            "it": "Quota dei contatti telefonici di clienti noti che nei 7 giorni prima, su qualsiasi canale, erano già "
            "venuti per lo stesso motivo.",
            "en": "Share of the telephone contacts of known customers who had come for the same reason within the 7 days before, "
            "on any channel.",
        },
        unit=Unit.SHARE,
        formula="contacts with an earlier one of the same reason / contacts of known customers",
        counted_from="contacts",
        undefined={
            "it": "nessun contatto con cliente e motivo noti",
            "en": "no contact with a known customer and reason",
        },
        worth=lambda counts, _: Share(part=counts.repeats, whole=counts.contacts),
    ),
    Figure(
        code="effort",
        names={"it": "Indice di fatica", "en": "Effort score"},
        definitions={
            "it": "Media delle risposte di chi ha chiamato a quanta fatica è costata la chiamata: 1 pochissima, 7 moltissima.",
            "en": "Mean of the callers' answers to how much effort the call took: 1 very little, 7 very much.",
        },
        unit=Unit.SCORE,
        formula="sum(scores) / scores",
        counted_from="effort_scores",
        undefined={"it": "nessuna risposta", "en": "nobody answered the question"},
        worth=lambda counts, _: counts.effort_sum / counts.efforts if counts.efforts else None,
    ),
    Figure(
        code="effort_answers",
        names={"it": "Risposte sulla fatica", "en": "Effort answers"},
        definitions={
            "it": "Quanti hanno risposto alla domanda sulla fatica: con poche risposte la media dice poco.",
            "en": "How many answered the question on effort: of few answers the mean says little.",
        },
        unit=Unit.COUNT,
        formula="count(scores)",
        counted_from="effort_scores",
        undefined=_NEVER,
        worth=_counting("efforts"),
    ),
)

FIGURES: Mapping[str, Figure] = MappingProxyType({figure.code: figure for figure in _ALL})

# What belongs together on a page: how long callers wait, how they are dealt with, what they make of it.
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "waiting": (
            "offered", "answered", "abandoned", "service_level", "speed_of_answer", "speed_median", "speed_90", "abandonment",
            "short_abandons", "callbacks", "callbacks_reached",
        ),
        "talking": ("talks", "handling", "talk", "hold", "wrap_up", "occupancy", "transfers", "wait_again"),
        "outcome": ("first_contact_resolution", "repeats", "effort", "effort_answers"),
    }
)  # fmt: skip
