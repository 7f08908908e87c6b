"""The many ways in which networks, PBXs and telephones say that a caller does not say who it is."""

import re
import unicodedata
from functools import cache
from typing import Final

from switchboard.domain.contact_text import ContactText

# Compared without case, accents, quotes and brackets. A word that several languages share stands
# in one of them.
_WORDS: Final = {
    "SIP servers and PBXs": "anonymous, anonymous caller, unavailable, restricted",
    # Telcordia GR-31, why a number is absent: P is private, O is out of area.
    "caller id": "p, o, out of area, no caller id, caller id blocked, callerid unavailable",
    "programs": "none, null, nil, undefined, n/a, na, not available, not provided, no number",
    "en": "private, private caller, private number, restricted number, restricted caller, unknown,"
    " unknown caller, unknown number, withheld, number withheld, withheld number, blocked,"
    " blocked number, blocked caller, hidden, hidden number, id withheld, id unavailable,"
    " number unavailable, caller unknown, undisclosed, suppressed, secret, payphone",
    "de": "anonym, anonymer Anruf, anonymer Anrufer, privat, private Nummer, unbekannt,"
    " unbekannter Anrufer, unbekannte Nummer, unbekannter Teilnehmer, unterdrückt, gesperrt,"
    " Rufnummer unterdrückt, Nummer unterdrückt, unterdrückte Nummer, verborgen, geheim,"
    " verborgene Nummer, keine Nummer, keine Rufnummer, nicht verfügbar, nicht übermittelt",
    "fr": "anonyme, appel anonyme, appel masqué, masqué, numéro masqué, privé, numéro privé,"
    " appel privé, inconnu, numéro inconnu, appelant inconnu, indisponible, non disponible,"
    " non communiqué, numéro caché, caché, restreint",
    "es": "anónimo, llamada anónima, privado, número privado, llamada privada, desconocido,"
    " número desconocido, oculto, número oculto, restringido, número restringido, no disponible,"
    " sin número, sin identificar, bloqueado",
    "it": "privato, numero privato, sconosciuto, numero sconosciuto, nascosto, numero nascosto,"
    " riservato, numero riservato, chiamata anonima, nessun numero",
    "pt": "desconhecido, número desconhecido, confidencial, número confidencial, não identificado,"
    " número não identificado, indisponível, não disponível, restrito, número restrito,"
    " chamada anônima, sem número",
    "nl": "anoniem, anonieme beller, privé nummer, privénummer, onbekend, onbekend nummer,"
    " onbekende beller, afgeschermd, afgeschermd nummer, verborgen nummer, niet beschikbaar",
    "da, nb, sv": "ukendt, ukendt nummer, skjult, skjult nummer, hemmeligt nummer, ukjent,"
    " ukjent nummer, hemmelig nummer, okänd, okänt nummer, dolt nummer, hemligt nummer,"
    " skyddat nummer, privat nummer",
    "fi": "tuntematon, tuntematon numero, salainen, salainen numero, estetty",
    "pl": "anonimowy, prywatny, numer prywatny, nieznany, numer nieznany, zastrzeżony,"
    " numer zastrzeżony, ukryty, numer ukryty, niedostępny",
    "cs, sk": "anonymní, anonymný, soukromé číslo, súkromné číslo, neznámé, neznámé číslo,"
    " neznáme číslo, skryté číslo, utajené číslo",
    "hu, ro": "ismeretlen, rejtett szám, privát szám, necunoscut, număr privat, număr ascuns",
    "tr": "bilinmeyen, bilinmeyen numara, gizli, gizli numara, özel numara",
    "el": "άγνωστος, άγνωστος αριθμός, απόκρυψη, απόκρυψη αριθμού, ανώνυμος",
    "ru, uk": "аноним, анонимный, неизвестный, неизвестный номер, неизвестно, скрыт,"
    " скрытый номер, номер скрыт, частный номер, невідомий, невідомий номер, прихований номер",
    "he": "חסוי, מספר חסוי, לא ידוע",
    "ar": "مجهول, غير معروف, رقم خاص, رقم مجهول, محجوب",
    "ja": "非通知, 非通知設定, 匿名, 不明, 表示圏外, 公衆電話",
    "zh": "未知, 未知号码, 未知來電, 未知来电, 私人号码, 私人號碼, 隐藏号码, 隱藏號碼, 不明號碼",
    "ko": "발신번호표시제한, 발신번호 표시제한, 발신자 표시 제한, 알 수 없음, 알수없음, 비공개",
}
# Where only digits pass, carriers spell a word on the keypad: +266696687 is ANONYMOUS.
_SPELLED: Final = ("anonymous", "blocked", "private", "restricted", "unavailable", "unknown")
_KEYPAD: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_ZEROS: Final = re.compile(r"\+?(0+|10{10})")
# Before a number these ask the network to keep it to itself: *67 in North America, #31# in GSM.
_KEPT_PRIVATE: Final = re.compile(r"(\*67|#31#)\+?\d")
_NO_MEANING_IN_NUMBERS: Final = re.compile(r"[\s().-]")
_AROUND: Final = " \"'()[]<>{}.,:;*-_!?"
_BETWEEN: Final = re.compile(r"[\s_-]+")


def is_withheld(contact: ContactText) -> bool:
    """Whether a contact says nothing but that it does not say who it is.

    Anonymous at a SIP host is nobody; private@example.com may be somebody's mailbox.

    Source for hosts that end in ``.invalid``: RFC 3323, section 4.1.
    """
    if contact.host == "anonymous.invalid" or not (contact.user or contact.host):
        return True
    may_be_mailbox = contact.host and not contact.is_call
    if may_be_mailbox and not contact.host.endswith(".invalid"):
        return False
    return _says_nothing(contact.user)


def _says_nothing(text: str) -> bool:
    if _folded(text) in _words():
        return True
    number = _NO_MEANING_IN_NUMBERS.sub("", text)
    return (
        number in _spelled()
        or _ZEROS.fullmatch(number) is not None
        or _KEPT_PRIVATE.match(number) is not None
    )


@cache
def _words() -> frozenset[str]:
    lists = (words.split(",") for words in _WORDS.values())
    return frozenset(_folded(word) for words in lists for word in words)


@cache
def _spelled() -> frozenset[str]:
    return frozenset("+" + word.translate(_KEYPAD) for word in _SPELLED)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in apart if unicodedata.category(character) != "Mn")
    return _BETWEEN.sub(" ", bare).strip(_AROUND)
