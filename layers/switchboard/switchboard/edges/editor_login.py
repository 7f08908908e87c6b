"""Who uses the rules' editing page: whoever opened a link that an operator made.

The link is a signed token. Opening it puts the token into a cookie, which from then on is the key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from switchboard.domain.operator_link import OperatorLink, verify
from switchboard.errors import Forbidden, StateConflict, Unauthorized

COOKIE: Final = "switchboard_editor"
# Another site's page can make a browser send a form here, but not with a header of ours.
PAGE_HEADER: Final = "x-switchboard-editor"
# Whom the page was opened for, percent-encoded; it learns that from our first answer.
OPERATOR_HEADER: Final = "x-switchboard-operator"
_LINK_PARAMETER: Final = "link"
_LOG_IN: Final = (
    "Open the editor with a link that is still good; `switchboard rules edit` makes one."
)

Event = Mapping[str, Any]


def token_of_link(event: Event) -> str:
    """The token that a link brings; empty when there is none."""
    return str((event.get("queryStringParameters") or {}).get(_LINK_PARAMETER) or "")


def operator(event: Event, *, key: bytes, now: datetime) -> OperatorLink:
    """Who sent this request, by the cookie.

    Raises: Unauthorized.
    """
    link = verify(_token_of_cookie(event), key=key, now=now)
    if link is None:
        raise Unauthorized(_LOG_IN)
    return link


def operator_of_the_page(event: Event, *, key: bytes, now: datetime) -> OperatorLink:
    """Who sent this request, and from our own page.

    Raises: Unauthorized, Forbidden; StateConflict for a page that somebody else opened.
    """
    link = operator(event, key=key, now=now)
    if not event["headers"].get(PAGE_HEADER):
        raise Forbidden(f"Only the editing page may ask this; it sends the header {PAGE_HEADER}.")
    _refuse_another_page(unquote(event["headers"].get(OPERATOR_HEADER) or link.name), link)
    return link


def _refuse_another_page(opened_for: str, link: OperatorLink) -> None:
    """A browser has one cookie, and so one operator, for all its tabs."""
    if opened_for != link.name:
        raise StateConflict(
            f"{link.name} has logged in here since; this page is {opened_for}'s. Open your own "
            f"link in another tab and go on here, or reload this page to be {link.name}."
        )


def refuse_who_only_looks(link: OperatorLink) -> None:
    """Raises: Forbidden."""
    if not link.may_publish:
        raise Forbidden("Your link lets you look and try; it does not let you change anything.")


def cookie(token: str, link: OperatorLink, *, now: datetime, over_tls: bool) -> Cookie:
    """Logs an operator in until the link expires."""
    return _cookie(token, int((link.expires_at - now).total_seconds()), over_tls=over_tls)


def no_cookie(*, over_tls: bool) -> Cookie:
    """Logs an operator out: the browser forgets the cookie."""
    return _cookie("", 0, over_tls=over_tls)


def _cookie(value: str, seconds: int, *, over_tls: bool) -> Cookie:
    """Without a path, for which the browser takes that of our pages, wherever they are mounted."""
    return Cookie(
        COOKIE,
        value,
        max_age=seconds,
        secure=over_tls,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
    )


def _token_of_cookie(event: Event) -> str:
    # API Gateway moves cookies out of the headers into a list; others leave them there.
    sent = [*event.get("cookies", ()), str(event["headers"].get("cookie") or "")]
    # By hand: the standard library gives up at a neighbour's cookie that it cannot read.
    pairs = (pair.strip().partition("=") for each in sent for pair in each.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")
