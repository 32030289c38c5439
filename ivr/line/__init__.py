"""The local line: a small carrier that speaks Twilio's protocol from the other side of the wire."""
