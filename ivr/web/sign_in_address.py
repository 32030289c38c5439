"""Where a person is sent to sign in, and from there: only ever to an address of our own."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response


def redirect_to_sign_in() -> Response:
    """To the sign-in page, which comes back to the address that was asked for."""
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("sign_in.page", next=wanted if is_our_own(wanted) and wanted != "/" else None))


def is_our_own(target: str) -> bool:
    """Whether an address is a path on this very host, however a browser may read it.

    Browsers take backslashes for slashes, drop tabs and line ends, and read `//host` as another host (WHATWG URL, 4.4).
    """
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return False
    first_printable = " "
    if any(sign < first_printable for sign in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc


def after_sign_in(target: str | None) -> str:
    """The page that was asked for, if it is ours; else the person's own."""
    return target if target and is_our_own(target) else url_for("home.start")
