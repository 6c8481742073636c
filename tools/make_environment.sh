#!/usr/bin/env bash
# Make the Python environment of the study in the folder given as first argument. Called by the Makefile.
# PYTHON names an interpreter; TORCH_PIP_ARGS is passed to pip for torch, for example to take a CPU-only build on Linux.
# On Linux every file but torch is held against requirements.lock; LOCKED=no takes the versions of constraints.txt as they come.
set -euo pipefail
venv=$1
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

python=""
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "The study needs Python 3.11 or newer; found: $(python3 --version 2>&1 || echo none)." >&2
    echo "Install it, or name it: make env PYTHON=/path/to/python3.12" >&2
    exit 2
fi

echo "1/3 $venv with $("$python" --version 2>&1)"
if [ -x "$venv/bin/python" ] && ! fits "$venv/bin/python"; then
    rm -rf "$venv"
fi
if ! "$python" -m venv "$venv"; then
    echo "Python can't make environments here. On Debian and Ubuntu: sudo apt install python3-venv" >&2
    exit 2
fi

# Show one short line a package: an installation of minutes without a word looks like a hang.
install() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" 2>&1 </dev/null |
        tee -a "$venv/pip.log" | sed -u -n -e 's/^ *Collecting \([^ ]*\).*/    \1/p' -e '/ERROR/p'
}
: >"$venv/pip.log"
torch=$(grep '^torch==' constraints.txt)
# constraints.txt and its hashes are those of Linux; other systems need a few packages more, which pip then finds itself.
locked=${LOCKED:-$([ "$(uname -s)" = Linux ] && echo yes || echo no)}
echo "2/3 the packages, a few minutes (the log is $venv/pip.log)"
if [ "$locked" = yes ]; then
    install --no-deps --require-hashes -r requirements.lock
fi
# Each index has its own build of torch, so its version is pinned and its file is not; what it needs is there already.
echo "3/3 $torch and the study (some hundred MB)"
# shellcheck disable=SC2086 # the arguments are meant to be split
install ${TORCH_PIP_ARGS:-} -c constraints.txt "$torch"
install -c constraints.txt -e '.[book,deploy,dev,feedback,page,serve,teacher]'
"$venv/bin/python" -m pip check --disable-pip-version-check
# The first import of matplotlib builds its font cache and says so, which would stand in the first notebook.
"$venv/bin/python" -c 'import matplotlib.font_manager' >/dev/null 2>&1
echo "The environment is ready."
