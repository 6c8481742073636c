#!/usr/bin/env bash
# Make the Python environment of the study in the folder given as first argument. Called by the Makefile.
# PYTHON names an interpreter; TORCH_PIP_ARGS is passed to pip for torch, for example to take a CPU-only build on Linux.
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
echo "2/3 $torch (some hundred MB; the log is $venv/pip.log)"
# shellcheck disable=SC2086 # the arguments are meant to be split
install ${TORCH_PIP_ARGS:-} -c constraints.txt "$torch"
echo "3/3 the other packages, a few minutes"
install -c constraints.txt -e '.[book,deploy,dev,feedback,page,serve,teacher]'
# The first import of matplotlib builds its font cache and says so, which would stand in the first notebook.
"$venv/bin/python" -c 'import matplotlib.font_manager' >/dev/null 2>&1
echo "The environment is ready."
