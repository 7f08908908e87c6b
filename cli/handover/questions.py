"""What only Evolve IP can tell. Each question says what this sheet takes for granted meanwhile.

Source: what ECS's public pages leave open, in the order of what it would change.
"""

from dataclasses import dataclass
from typing import Final

OPEN_QUESTIONS: Final = "questions"


@dataclass(frozen=True, slots=True)
class Question:
    """`taken` is what we act on until somebody answers."""

    about: str
    asks: str
    taken: str


QUESTIONS: Final = (
    Question(
        "Interaction id",
        "Does every interaction have an id that stays the same from its start to its last trigger, "
        "and can a container send it? Is it at most 128 visible ASCII characters?",
        "Yes: `interaction_id`. Without it we join events by channel, contact and start time, "
        "which must then be in every trigger, always written the same way.",
    ),
    Question(
        "Names of values",
        "What is each value called in the Setup client, and what does it hold? May we have the "
        "list “REST API Trigger Fields”?",
        "The descriptions in the tables of parameters. Those with “confirm” stand on no public "
        "page.",
    ),
    Question(
        "Request Timeout",
        "Is it in seconds or milliseconds? What are the default and the largest value?",
        "Seconds; the values in this sheet are written in both.",
    ),
    Question(
        "FAULT",
        "What leads to the FAULT leg besides the timeout: a status other than 2xx, an answer that "
        "is no flat object, a Return Value whose key is missing?",
        "All of these. So we answer every arrival that carries a good key with HTTP 200 and every "
        "key.",
    ),
    Question(
        "Success leg",
        "What is the other leg called? Is it Done, as at other activities?",
        "Done.",
    ),
    Question(
        "Return Values",
        "Are keys compared with or without case? What becomes of a variable whose key is missing "
        "or empty? How long may a value be? Is a value kept as text?",
        "With case; every key is always there; no value is longer than 255 characters; numbers "
        "are plain digits, and everything is sent as text.",
    ),
    Question(
        "Fields",
        "Can a Return Value write a field of ECS itself: the contact's name, the Priority Class, "
        "what Automatic Popup Link opens?",
        "No: everything goes into Flow Variables.",
    ),
    Question(
        "Triggers after a failure",
        "Is a trigger sent again when we do not answer or answer 503? After how long, how often, "
        "in which order? Do its Return Values count?",
        "It is sent once, in any order, perhaps twice; its Return Values are not used.",
    ),
    Question(
        "Interaction Ends",
        "Does it fire before or after wrap-up? Are Disposition Code and remarks final then? If "
        "not, which event carries them?",
        "Either. What comes later is added to the same record.",
    ),
    Question(
        "Segments",
        "Can a trigger send the segment's state and level, and in which notation: "
        "“Handling (Agent)” or “Offered -> Handling”?",
        "Two parameters, `segment_state` and `segment_level`; what we do not know is kept as it "
        "is.",
    ),
    Question(
        "Values that are absent",
        "How is a value sent that does not exist: left out, empty, `null`, “N/A”?",
        "Any of these; each means “none”.",
    ),
    Question(
        "Dates and durations",
        "In which form and time zone are they sent?",
        "ISO 8601, US and German forms and seconds since 1970 are read; without a zone the "
        "deployment's. Durations are seconds or H:MM:SS.",
    ),
    Question(
        "Headers",
        "Can a container send a fixed header on every call, and who can read it in the Setup "
        "client?",
        "Yes, and administrators only. The header carries the key.",
    ),
    Question(
        "Network",
        "From which addresses does ECS call? Which TLS versions does it speak? Does it follow "
        "redirects, or keep connections?",
        "Any address; TLS 1.2 or newer; we never redirect. With the addresses we would bind the "
        "key to them.",
    ),
    Question(
        "Agents",
        "Does Assign Agent take an Extension from a Flow Variable?",
        "Yes: `preferred_agent` is an extension.",
    ),
    Question(
        "Priority",
        "Which activity sets a Priority Class, or a Demand, from a Flow Variable?",
        "One that can compare its name; otherwise a Branch with one leg for each class and Demand.",
    ),
    Question(
        "Screen pop",
        "May Automatic Popup Link be a value that a Return Value brought, and how long may it be?",
        "Yes, up to 255 characters.",
    ),
    Question(
        "Spoken text",
        "Can a voice prompt say what a Flow Variable holds, such as the label of a choice?",
        "No: a Branch with one recorded prompt for each label. What it does not know goes on as "
        "if there were no choice.",
    ),
    Question(
        "Variables",
        "Which activity sets a Flow Variable, to a constant or to another variable? Can a Branch "
        "test a variable for empty?",
        "Yes, there is one for both, and a Branch can.",
    ),
    Question(
        "Prompts and remarks",
        "Can a variable choose a prompt of the Media Repository? Can it fill a remark (Add "
        "Remark)?",
        "A prompt: no; a Branch with a leg for each word of `prompt_1`. A remark: yes.",
    ),
)


def to_confirm(about: str) -> str:
    """The mark of what rests on no public page, with the question that asks for it."""
    (number,) = [at for at, one in enumerate(QUESTIONS, start=1) if one.about == about]
    return f"**Confirm**, [question {number}](#{OPEN_QUESTIONS})"
