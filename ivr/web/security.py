"""What every answer to a browser carries besides its page: the rules on scripts, frames, caches; and the cookie's own rules."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, request

from ivr.accounts.store import LONGEST_SIGN_IN

# A form here is text; the longest note is a few thousand characters.
LARGEST_FORM_BYTES = 256 * 1024
# Signalling, insights and sounds of the carrier's voice SDK (Twilio: Voice SDKs, network connectivity requirements).
CARRIER_HOSTS = " https://*.twilio.com wss://*.twilio.com"
# Bootstrap and our own files change with a version of the service, whose number stands in their addresses.
STATIC_AGE = timedelta(hours=12)


def configure_cookies(app: Flask, *, secure: bool) -> None:
    """The session cookie: for this service alone, unseen by scripts, gone with the browser."""
    app.config.update(
        # __Host-: a neighbour on another sub-domain can neither set nor widen it (RFC 6265bis, 4.1.3.2); needs Secure.
        SESSION_COOKIE_NAME="__Host-centralino" if secure else "centralino",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=LONGEST_SIGN_IN,
        # A desk is open all day: the token lives as long as the session that it is bound to.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_AGE,
    )


def header_writer(*, line_url: str, secure: bool, has_browser_phone: bool = False) -> Callable[[Response], Response]:
    """A function that puts the security headers on a response; `line_url` may be framed and hear the microphone.

    With the carrier's telephone in the browser, its script, which is served from here, may reach the carrier and nobody else.
    """
    line = origin_of(line_url)
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",  # Bootstrap's style sheet draws its marks from data:
            "font-src 'self'",
            f"connect-src 'self'{CARRIER_HOSTS}" if has_browser_phone else "connect-src 'self'",
            "media-src 'self'",
            "manifest-src 'self'",
            _frames(line),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
    microphone = f'(self "{line}")' if line else "(self)" if has_browser_phone else "()"

    def write(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", f"microphone={microphone}, camera=(), geolocation=(), payment=()")
        if secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not (request.endpoint or "").endswith("static"):
            # Pages hold what callers said: no shared cache and no back button keeps them. The carrier's sounds say who may.
            headers.setdefault("Cache-Control", "no-store")
        return response

    return write


def origin_of(address: str) -> str:
    """Scheme, host and port of an address, "" for none."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def _frames(line: str) -> str:
    return f"frame-src {line}" if line else "frame-src 'none'"
