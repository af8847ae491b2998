#!/usr/bin/env bash
# Writes requirements.txt and requirements-dev.txt from pyproject.toml, with hashes, for CPython 3.11 to 3.13 on
# Linux, Windows and macOS. Versions that are locked stay unless they no longer fit; UPGRADE=1 takes the newest.
# uv resolves in an environment of its own and reads the public index only, whatever this machine is set up with.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(scripts/find-python.sh)
tools=${XDG_CACHE_HOME:-$HOME/.cache}/reviewer-workstation/lock
[ -x "$tools/bin/uv" ] || { "$python" -m venv "$tools" && "$tools/bin/pip" install --quiet uv; }

compile() {
    local out=$1
    shift
    env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
        "$tools/bin/uv" pip compile --no-config --system-certs --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-header --no-annotate ${UPGRADE:+--upgrade} "$@" --output-file "$out" pyproject.toml >/dev/null
}
compile requirements.txt --group build
compile requirements-dev.txt --group dev --constraint requirements.txt
