"""The methods that the engine knows by name, and what their declarations mean."""

from typing import Final

LOG_METHOD: Final = "log_interaction"
BATCH_METHOD: Final = "log_interactions"
CREATE_METHOD: Final = "create_contact"
FIND_METHOD: Final = "find_interaction"
LIST_METHOD: Final = "list_interactions"
# What may be done twice without harm, and so is, after an answer was lost.
REPEATABLE: Final = frozenset({"upsert", "client_id", "header"})
