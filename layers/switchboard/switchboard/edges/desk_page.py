"""The agent's page as HTML. Everything a CRM or a caller wrote is escaped; nothing is loaded."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.posting import PostingState
from switchboard.edges.history_cursor import cursor_of
from switchboard.ports import Arrival, LedgerRow
from switchboard.use_cases.agent_desk import DeskView

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors *"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}

_UNKNOWN_TITLES: Final = {
    "unknown": "Nobody in the CRM has this number or address",
    "ambiguous": "Several customers share this number or address: ask who is calling",
    "withheld": "The caller's number is withheld",
    "unreadable": "The caller's number could not be read",
    "internal": "An extension or a service number: nobody is looked up by it",
    "degraded": "The CRM gave no answer in time: ask who is calling",
}

_COLUMNS: Final = (
    "When",
    "Channel",
    "Business Process",
    "Agent",
    "Result",
    "In the CRM",
    "Remarks",
)

_STYLE: Final = """
:root{color-scheme:light dark;
 --ink:#1b2430;--paper:#fff;--soft:#f2f5f9;--line:#d5dde8;--accent:#0b5cad}
@media(prefers-color-scheme:dark){:root{
 --ink:#e8edf4;--paper:#131a22;--soft:#1d2733;--line:#33404f;--accent:#7ab8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.25rem;font:1rem/1.5 system-ui,sans-serif;
 color:var(--ink);background:var(--paper)}
h1{margin:0;font-size:1.6rem} h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
.why{margin:.75rem 0;padding:.75rem 1rem;background:var(--soft);border-left:4px solid var(--accent)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem;margin:0}
dl div{background:var(--soft);border-radius:.4rem;padding:.5rem .75rem}
dt{font-size:.8rem;opacity:.75} dd{margin:0;font-weight:600;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse} th,td{text-align:left;padding:.45rem .6rem;
 border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
th{font-size:.8rem;opacity:.75} a{color:var(--accent)} .scroll{overflow-x:auto}
@media(max-width:40rem){
 dl{grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.5rem}
 thead{display:none} tr{display:block;padding:.6rem 0;border-bottom:1px solid var(--line)}
 td{display:inline;border:0;padding:0} td:last-child{display:block}
 td:not(:empty)+td:not(:empty):not(:last-child)::before{content:" · "}
}
"""


def desk_page(view: DeskView, *, zone: ZoneInfo) -> str:
    """The whole page: who it is, why the contact is here, key facts, and one history."""
    arrival = view.row.arrival
    customer = arrival.customer if arrival else None
    decision = arrival.decision if arrival else {}
    outcome = arrival.outcome if arrival else "unknown"
    title = customer.name if customer else _UNKNOWN_TITLES.get(outcome, "Unknown contact")
    reason = decision.get("reason") or "No routing decision was asked for."
    return _page(
        title,
        f"<h1>{escape(title)}</h1>"
        f'<p class="why" id="reason"><strong>Why here:</strong> {escape(reason)}</p>'
        f"{_views(decision.get('views', ''), decision.get('agent_reason', ''))}"
        f"{'' if customer else _contact(arrival)}"
        f"{_facts(customer) if customer else ''}"
        f"{_history(view, customer, zone) if customer else ''}",
    )


def refused_page(message: str) -> str:
    """What a person sees when the link is not good any more."""
    return _page("Not available", f"<h1>Not available</h1><p>{escape(message)}</p>")


def _views(views: str, agent_reason: str) -> str:
    """What the rules want the agent to see first."""
    pairs = (("first", "Look at first", views), ("agent", "Agent", agent_reason))
    return "".join(
        f'<p id="{name}"><strong>{title}:</strong> {escape(text)}</p>'
        for name, title, text in pairs
        if text
    )


def _contact(arrival: Arrival | None) -> str:
    """What there is of somebody who is not known."""
    if arrival is None or not arrival.contact:
        return ""
    return f'<p id="contact">Contact: {escape(arrival.contact)}</p>'


def _facts(customer: Customer) -> str:
    pairs: list[tuple[str, Scalar]] = [
        ("Customer", customer.id),
        *((name.replace("_", " "), value) for name, value in customer.attributes.items()),
    ]
    cells = "".join(
        f"<div><dt>{escape(name.capitalize())}</dt><dd>{escape(_words(value))}</dd></div>"
        for name, value in pairs
        if value not in (None, "")
    )
    return f'<h2>Key facts</h2><dl id="facts">{cells}</dl>{_crm_link(customer)}'


def _crm_link(customer: Customer) -> str:
    if not _is_web_address(customer.url):
        return ""
    where = escape(customer.url, quote=True)
    name = escape(customer.connector)
    return f'<p><a href="{where}" target="_blank" rel="noopener noreferrer">Open in {name}</a></p>'


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:  # a bracket that belongs to no IPv6 address
        return False


def _history(view: DeskView, customer: Customer, zone: ZoneInfo) -> str:
    title = "History" if view.is_first else "Earlier history"
    return (
        f"<h2>{title}</h2>{_table(view.history, zone) or '<p>No earlier contact.</p>'}"
        f"{_pages(view, customer)}"
    )


def _table(rows: Iterable[LedgerRow], zone: ZoneInfo) -> str:
    lines = "".join(_line(row, zone) for row in rows)
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    table = f'<table id="history"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    return f'<div class="scroll">{table}</div>' if lines else ""


def _pages(view: DeskView, customer: Customer) -> str:
    """Links to the newest and to older ones, which keep the page's own address and its rights."""
    links = [] if view.is_first else ['<a id="newest" href="?">Newest</a>']
    if view.older:
        after = quote(cursor_of(customer.key, view.older), safe="")
        links.append(f'<a id="older" href="?after={after}">Older</a>')
    return f"<p>{' · '.join(links)}</p>" if links else ""


def _line(row: LedgerRow, zone: ZoneInfo) -> str:
    said = row.interaction.get
    channel = " ".join(part for part in (said("direction"), said("channel")) if part)
    cells = (
        _moment(row.started_at, zone),
        channel,
        said("business_process"),
        said("agent_name"),
        said("disposition_code"),
        _recorded_in(row),
        said("remarks"),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _recorded_in(row: LedgerRow) -> str:
    """The CRMs that have its record."""
    done = (each for each in row.postings.values() if each.state is PostingState.DONE)
    return ", ".join(sorted({each.connector for each in done if each.record_id}))


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else ""


def _words(value: Scalar) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
    return str(value)


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Switchboard</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
