"""SQS as far as it matters here: visibility, delay, receive counts, dead letters; and mischief.

A message is handed out in any order, and now and then twice. Source of the semantics: Amazon SQS
Developer Guide, "Standard queues" and "Visibility timeout".
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

MOST_RECEIVES = 5


@dataclass
class Message:
    """One message; handed out only from `visible_at` on."""

    id: str
    body: str
    visible_at: float
    receives: int = 0


@dataclass
class Queue:
    """One standard queue and its dead letters. `clock` is the run's own, in seconds."""

    clock: Callable[[], float]
    chance: random.Random
    visibility_s: float
    duplicates: float = 0.0
    sent: int = 0
    doubled: int = 0
    died: int = 0
    _messages: dict[str, Message] = field(default_factory=dict)
    _dead: list[Message] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def send(self, body: str, delay_s: float = 0) -> str:
        self.sent += 1
        message = Message(f"m-{next(self._numbers)}", body, self.clock() + delay_s)
        self._messages[message.id] = message
        return message.id

    def receive(self, most: int) -> list[Message]:
        now = self.clock()
        visible = [each for each in self._messages.values() if each.visible_at <= now]
        taken = []
        for message in self.chance.sample(visible, min(most, len(visible))):
            if message.receives >= MOST_RECEIVES:
                self._bury(message)
                continue
            message.receives += 1
            message.visible_at = now + self.visibility_s
            if self.chance.random() < self.duplicates:
                # Another worker gets it as well, while this one has it.
                message.visible_at = now
                message.receives -= 1
                self.doubled += 1
            taken.append(message)
        return taken

    def delete(self, message_id: str) -> None:
        self._messages.pop(message_id, None)

    def redrive(self) -> int:
        """All dead letters, back into the queue."""
        dead, self._dead = self._dead, []
        for message in dead:
            self.send(message.body)
        return len(dead)

    @property
    def dead(self) -> int:
        return len(self._dead)

    @property
    def visible(self) -> int:
        now = self.clock()
        return sum(each.visible_at <= now for each in self._messages.values())

    @property
    def next_at(self) -> float | None:
        """When the next message can be had."""
        return min((each.visible_at for each in self._messages.values()), default=None)

    def _bury(self, message: Message) -> None:
        del self._messages[message.id]
        self._dead.append(message)
        self.died += 1
