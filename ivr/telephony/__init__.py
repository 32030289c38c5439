"""The carrier's protocol, spoken from our side: requests in, TwiML out, calls controlled by REST. No Flask, no database."""
