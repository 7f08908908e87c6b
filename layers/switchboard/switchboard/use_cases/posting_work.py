"""What one run of the posting worker knows of a row, and of each record that it is to have."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from switchboard.domain.customer import Customer
from switchboard.domain.identity import Reachable
from switchboard.domain.posting import RESOLVED, Habits, InteractionRecord, Posting, PostingState
from switchboard.domain.posting_profile import WantedRecord
from switchboard.errors import StateUnavailable, SwitchboardError
from switchboard.ports import Crm, LedgerRow
from switchboard.use_cases.posting_run import PostingRun
from switchboard.use_cases.posting_whose import Nobody, Whose

Posted = tuple[Posting, ...] | SwitchboardError


@dataclass(slots=True)
class Task:
    """One record of a row, and how far it comes in this run.

    `before` is how the ledger had it, `posting` how it is to be kept. `wakes_at` is when what it
    waits for is given up. `record` is set when it is about to be written; `was_sent` when the CRM
    may have it by now.
    """

    wanted: WantedRecord
    crm: Crm
    habits: Habits
    before: Posting
    posting: Posting
    is_due: bool = False
    wakes_at: datetime | None = None
    whose: Whose = field(default_factory=Nobody)
    record: InteractionRecord | None = None
    was_sent: bool = False

    @property
    def customer(self) -> Customer | None:
        return self.whose if isinstance(self.whose, Customer) else None

    def is_looking(self, revision: int) -> bool:
        """It is written, and only whose it is was still to be found out."""
        return self.before.state is PostingState.DONE and self.before.revision >= revision

    @property
    def contact_to_make(self) -> Reachable | None:
        """Whom to enter first, where the profile wants that of somebody whom nobody has."""
        creates = self.wanted.profile.unknown_customer == "create"
        return self.whose.contact if creates and isinstance(self.whose, Nobody) else None


@dataclass(slots=True)
class Work:
    """A row, and what this run does about it."""

    row: LedgerRow
    tasks: list[Task] = field(default_factory=list)
    claimed_at: datetime | None = None
    is_begun: bool = False
    is_ended: bool = False
    lacks_connector: bool = False
    is_unfinished: bool = False
    is_lost: bool = False
    error: StateUnavailable | None = None

    @property
    def id(self) -> str:
        return self.row.interaction.id

    @property
    def due_tasks(self) -> list[Task]:
        return [task for task in self.tasks if task.is_due]

    def come_to(self) -> Posted:
        told = () if self.is_lost else (task for task in self.tasks if task.wakes_at is None)
        return self.error or tuple(task.posting for task in told)

    @contextmanager
    def losing_only_this(self) -> Iterator[None]:
        """What goes wrong with our own tables costs this row its turn, and no other row."""
        try:
            yield
        except StateUnavailable as error:
            self.is_lost, self.error = True, error


def is_held(row: LedgerRow, run: PostingRun) -> bool:
    """Whether another worker has it."""
    is_over = row.held_until is None or row.held_until <= run.clock()
    return not is_over and row.held_by != run.token


def waits_for_a_person(posting: Posting) -> bool:
    return posting.state is PostingState.PARKED and not posting.reason.startswith(RESOLVED)


def calls_of(works: Sequence[Work]) -> list[tuple[Crm, list[tuple[Work, Task]]]]:
    """The calls to make: each to one CRM, with as many records as it takes at once."""
    by_crm: dict[str, list[tuple[Work, Task]]] = {}
    for work in works:
        for task in work.tasks:
            if task.record and not work.is_lost:
                by_crm.setdefault(task.crm.connector, []).append((work, task))
    return [
        (tasks[0][1].crm, tasks[start : start + tasks[0][1].crm.batch_most])
        for tasks in by_crm.values()
        for start in range(0, len(tasks), tasks[0][1].crm.batch_most)
    ]
