#!/usr/bin/env bash
# Installs the Debian packages that are missing: system-packages.sh NAME...
# With nothing missing it needs no network and no rights. Where it can't install (no root, no sudo, no apt) it says
# what to install and ends with 3; SKIP_SYSTEM_PACKAGES=1 leaves the system alone.
set -euo pipefail

if [ -n "${SKIP_SYSTEM_PACKAGES:-}" ]; then exit 0; fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This is not a Debian system. Its administrator must see to it that it has what Debian calls: $*" >&2
    exit 3
fi

# A name counts as there when a package has it or provides it (libglib2.0-0 is libglib2.0-0t64 in later releases).
present=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | sed 's/([^)]*)//g' | tr ', ' '\n\n' | sort -u)
missing=()
for name in "$@"; do
    grep -qxF "$name" <<<"$present" || missing+=("$name")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if [ "$(id -u)" = 0 ]; then
    root=()
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    root=(sudo)
else
    echo "Debian packages are missing. Someone with administrator rights must run:" >&2
    echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 3
fi

echo "Installing Debian packages: ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}" >/dev/null
