"""AWS on this machine: MiniStack on loopback, with the unchanged template deployed into it."""
