"""What a customer is handed: a zip file with their data as JSON, their kept voice as FLAC, and a page that explains each part."""

import io
import json
import os
import zipfile
from pathlib import Path

from ivr.calls.export import Export

_README = """\
I SUOI DATI / YOUR DATA
=======================

ITALIANO. Questo archivio contiene tutto quello che la linea telefonica conserva su di lei (regolamento UE 2016/679,
articoli 15 e 20).

dati/customer.json   chi è: nome, lingua, canale preferito, e-mail, numeri di telefono
dati/orders.json     gli ordini e i resi
dati/cases.json      le pratiche aperte o chiuse, con il loro riassunto
dati/contacts.json   i contatti con l'azienda su ogni canale, con le note
dati/messages.json   i messaggi che le abbiamo mandato nelle sue chiamate
dati/consents.json   il registro dei consensi: che cosa le è stato chiesto, con quali parole e quando, e che cosa ha risposto
dati/calls.json      le chiamate: che cosa le è stato detto, che cosa abbiamo capito, che cosa è successo
dati/voice.json      la voce: che cosa è conservato e ogni decisione presa; le impronte vocali come numeri
audio/               quello che ha detto, come suono, solo se lo ha permesso: audio/CHIAMATA/turno-N.flac

Le date sono nel fuso orario che portano scritto (+00:00 e' l'ora di Greenwich). I file .json si aprono con qualunque editor di
testo e si leggono con qualunque programma; i file .flac con qualunque lettore musicale. Per correggere o cancellare qualcosa lo
dica a un agente; per revocare un consenso basta dire in qualunque chiamata «revoco il consenso».

ENGLISH. This archive holds everything that the telephone line keeps about you (Regulation (EU) 2016/679, articles 15 and 20).

dati/customer.json   who you are: name, language, preferred channel, e-mail, telephone numbers
dati/orders.json     orders and returns
dati/cases.json      cases, open or closed, with their summary
dati/contacts.json   your dealings with the company on every channel, with the notes
dati/messages.json   the messages we sent you in your calls
dati/consents.json   the ledger of consents: what you were asked, in which words and when, and what you answered
dati/calls.json      your calls: what you were told, what we understood, what happened
dati/voice.json      your voice: what is kept of it and every decision taken; voiceprints as numbers
audio/               what you said, as sound, only where you allowed it: audio/CALL/turno-N.flac

Times are in the time zone that they carry (+00:00 is Greenwich time). The .json files open in any text editor and are read by any
program; the .flac files play in any music player. To have something corrected or erased, tell an agent; to take a consent back,
say "I withdraw my consent" in any call.
"""


def archive_of(export: Export) -> bytes:
    """The zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", f"{_README}\n{export.made_at.isoformat()}\n")
        for name, value in export.parts.items():
            archive.writestr(f"dati/{name}.json", json.dumps(value, ensure_ascii=False, indent=2))
        for sound in export.sounds:
            # A carrier's identifier of a call is letters and digits; nothing else may say where a file of an archive goes.
            call = "".join(letter for letter in sound.call_id if letter.isalnum())
            archive.writestr(f"audio/{call}/turno-{sound.turn}.flac", sound.flac, zipfile.ZIP_STORED)
    return buffer.getvalue()


def write(export: Export, file: Path) -> None:
    """Write it for this user's eyes alone. Raises OSError, and FileExistsError rather than replace something."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(archive_of(export))
