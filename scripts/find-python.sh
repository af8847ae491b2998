#!/usr/bin/env bash
# Prints the path of a Python >= 3.11: $PYTHON, else `python3`, else the newest by name. Ends with 1 where there is none.
set -euo pipefail
for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        "$name" -c 'import sys; print(sys.executable)'
        exit 0
    fi
done
exit 1
