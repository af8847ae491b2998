#!/usr/bin/env bash
# Makes this checkout ready: setup.sh [runtime|dev]. Debian packages that are missing, .venv, the locked packages with
# their hashes, and the project itself. What is there already is left alone, so a second run is quick and offline.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-dev}

case $kind in
runtime) lock=requirements.txt ;;
dev) lock=requirements-dev.txt ;;
*)
    echo "setup.sh: 'runtime' or 'dev', not '$kind'" >&2
    exit 2
    ;;
esac

qt=(libglib2.0-0 libegl1 libgl1 libfontconfig1 libxkbcommon0 libdbus-1-3 libbrotli1 libxcb-cursor0 libxcb-icccm4
    libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0 libwayland-client0 libwayland-cursor0 libwayland-egl1)
fonts=(fonts-dejavu-core fonts-noto-cjk fonts-tlwg-waree-otf) # Latin, Chinese-Japanese-Korean, Thai
sandbox=(libseccomp2)                                          # pyseccomp opens it
screen=(xvfb xauth xdotool)                                    # tests on a virtual screen
packages=("${qt[@]}" "${fonts[@]}" "${sandbox[@]}")
if [ "$kind" = dev ]; then packages+=("${screen[@]}"); fi

# Python first: without it nothing can go on. A Debian python3 comes without venv.
python=$(scripts/find-python.sh) || {
    if [ "$(uname)" = Linux ]; then scripts/system-packages.sh python3 python3-venv || true; fi
    python=$(scripts/find-python.sh) || {
        echo "No Python 3.11 or newer was found. Install one, or name it: make setup PYTHON=/path/to/python3" >&2
        exit 1
    }
}
venv_missing() { ! "$python" -c 'import venv, ensurepip' 2>/dev/null; }
if venv_missing; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    case $python in
    /usr/bin/python3 | "/usr/bin/python$version") packages=("python$version-venv" "${packages[@]}") ;;
    esac
fi

if [ "$(uname)" = Linux ]; then
    scripts/system-packages.sh "${packages[@]}" || {
        status=$?
        # 3: they could not be installed by us. The program may still run, so go on; anything else is a fault.
        [ $status -eq 3 ] || exit $status
        echo "Going on without them; windows or fonts may fail until they are there." >&2
    }
fi
if venv_missing; then
    echo "$python can't make environments (its module venv is missing). Install it, or name another Python:" >&2
    echo "    make setup PYTHON=/path/to/python3" >&2
    exit 1
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    "$python" -m venv .venv
fi
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --require-hashes --requirement "$lock"
"${pip[@]}" install --no-deps --no-build-isolation --no-index --editable .
touch .venv/.runtime
if [ "$kind" = dev ]; then touch .venv/.dev; fi
