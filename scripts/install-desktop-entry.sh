#!/usr/bin/env bash
# Puts the program into this user's application menu (freedesktop.org), run from this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
share=${XDG_DATA_HOME:-$HOME/.local/share}
program=$PWD/.venv/bin/reviewer

if [ ! -x "$program" ]; then
    echo "$program is missing. Run 'make setup' first." >&2
    exit 1
fi
# In Exec, a quoted argument escapes \ " $ and `, and a % is doubled; then the value's own backslashes are doubled.
quoted=$(printf '%s' "$program" | sed -e 's/[\\"$`]/\\&/g' -e 's/%/%%/g' -e 's/\\/\\\\/g')
install -D -m 644 resources/icons/reviewer.svg "$share/icons/hicolor/scalable/apps/reviewer.svg"
mkdir -p "$share/applications"
while IFS= read -r line; do
    case $line in
    Exec=*) printf 'Exec="%s" run\n' "$quoted" ;;
    *) printf '%s\n' "$line" ;;
    esac
done <resources/reviewer.desktop >"$share/applications/reviewer.desktop"
if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$share/applications"; fi
echo "Installed $share/applications/reviewer.desktop"
