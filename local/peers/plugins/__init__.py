"""What runs inside the applications, under their interpreters: standard library and theirs only."""
