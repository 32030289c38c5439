"""Our media socket alone, for the message bench: the service's own loop and listening on a question that never ends.

Nothing is recognised. Served by gunicorn as the service is. The call's token and its row in the database, which a turn is
looked up by, are left out: they cost once a turn, not once a message.
"""

from flask import Flask
from flask_sock import Sock
from simple_websocket import ConnectionClosed

from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question
from ivr.speech.recognizer import NoModel
from ivr.web.media import _listen as listen

NEVER_SECONDS = 1e9

application = Flask("our_socket")
application.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": 65536}
sock = Sock(application)


@sock.route("/media")
def media(socket: object) -> None:
    """Listen until the other side goes."""
    question = Question(
        kind=AnswerKind.REQUEST,
        language="it",
        timeout_seconds=NEVER_SECONDS,
        after_words_seconds=NEVER_SECONDS,
        longest_seconds=NEVER_SECONDS,
    )
    listening = Listening(question, NoModel(reason="the bench of messages recognises nothing"))
    try:
        listen(socket, listening, [])
    except ConnectionClosed:
        listening.close()
