#!/bin/sh
# Prints the newest Python that Switchboard runs on: 3.13, 3.12 or 3.11; with versions as arguments,
# the newest of these. A pyenv shim may exist for a version that is not selected, so each candidate
# must really start; and an environment's own Python is not one to make environments from.
for version in ${*:-3.13 3.12 3.11}; do
    for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        path=$(command -v "$candidate" 2>/dev/null) || continue
        "$path" -c "import sys, venv
sys.exit('%d.%d' % sys.version_info[:2] != '$version' or sys.prefix != sys.base_prefix)" \
            2>/dev/null && { echo "$path"; exit 0; }
    done
done
for candidate in python3 python; do
    "$candidate" -c 'import sys, venv; 
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.prefix != sys.base_prefix)' \
        2>/dev/null && [ -z "$*" ] && { command -v "$candidate"; exit 0; }
done
echo "Switchboard needs Python 3.11, 3.12 or 3.13, and none was found on the PATH." >&2
exit 1
