#!/usr/bin/env bash
# Makes the Python environment once, then runs `python -m jittor_tsit …`. `bash run.sh help` lists the commands.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { echo "error: $1" >&2; exit 2; }

is_usable() { "$1" -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 13))' 2>/dev/null; }

find_python() {  # the default one, or any other that Jittor can use
    local python
    for python in python3 python3.12 python3.11 python3.10 python3.9 python3.8; do
        if is_usable "$python"; then
            echo "$python"
            return
        fi
    done
    fail "no Python 3.8 to 3.12 found; on Debian or Ubuntu: sudo apt-get install python3 python3-venv python3-dev"
}

find_environment() {  # .venv; or the active one, if run.sh installed into it before or JTSIT_ENVIRONMENT=active says so
    local active=${VIRTUAL_ENV:-${CONDA_PREFIX:-}} wanted=${JTSIT_ENVIRONMENT:-}
    case $wanted in
        "") ;;
        active) [ -n "$active" ] || fail "JTSIT_ENVIRONMENT=active: no environment is active; activate one first" ;;
        *) fail "JTSIT_ENVIRONMENT=$wanted: allowed is active; without it $root/.venv is used" ;;
    esac
    if [ -z "${VIRTUAL_ENV:-}" ] && [ "${CONDA_DEFAULT_ENV:-}" = base ]; then  # conda's base is never changed
        [ -z "$wanted" ] || fail "JTSIT_ENVIRONMENT=active: conda's base is active; activate an environment of its own"
        active=""
    fi
    if [ -n "$active" ] && { [ -n "$wanted" ] || cat "$active"/.jittor_tsit* 2>/dev/null | grep -qF "$root "; }; then
        echo "$active"
    else
        echo "$root/.venv"
    fi
}

check_tools() {  # Jittor compiles its operators on this machine
    command -v g++ >/dev/null || fail "g++ is missing; on Debian or Ubuntu: sudo apt-get install g++"
    "$1" - <<'CODE' || fail "the Python headers are missing; on Debian or Ubuntu: sudo apt-get install python3-dev"
import os, sys, sysconfig
config = f"python3.{sys.version_info.minor}-config"
places = [os.path.join(sys.base_prefix, "bin"), os.path.dirname(sys.executable), "/usr/bin", "/usr/local/bin"]
headers = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit(not (os.path.exists(headers) and any(os.path.exists(os.path.join(p, config)) for p in places)))
CODE
}

check_system() {  # Git Bash and Cygwin run this script, but Jittor needs Linux
    case $OSTYPE in
        msys* | cygwin*)
            fail "Windows: install WSL 2 (wsl --install in PowerShell) and run the same command in its Ubuntu; or use Docker (docs/getting-started.md)"
            ;;
    esac
}

prepare() {  # sets $python; $1: extra to install besides the package, or empty; $2: command, checked before that
    local found environment stamp want
    check_system
    environment=$(find_environment) || exit 2
    stamp=$environment/.jittor_tsit${1:+-${1:-}}
    want="$root $(cksum <"$root/setup.py")"
    python=$environment/bin/python
    if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    if [ "$environment" = "$root/.venv" ]; then
        found=$(find_python) || exit 2
    else
        found=$python
        is_usable "$found" || fail "$environment: has no Python 3.8 to 3.12; deactivate it, and $root/.venv is used"
    fi
    check_tools "$found"
    if [ -n "${2:-}" ]; then (show_help "$2" --help) >/dev/null || exit 2; fi
    if [ ! -x "$environment/bin/pip" ] && [ "$environment" = "$root/.venv" ]; then
        "$found" -m venv "$environment" || fail "cannot make $environment; on Debian or Ubuntu: sudo apt-get install python3-venv"
    fi
    echo "installing the package and what it needs into $environment (once, about a minute)" >&2
    local loudness=()
    [ -t 2 ] || loudness=(--quiet)  # in a file, pip's lines would hide ours
    "$python" -m pip install "${loudness[@]}" --disable-pip-version-check --editable "$root${1:+[${1:-}]}" >&2 ||
        fail "the installation into $environment failed; the lines above say why"
    echo "$want" >"$stamp"
}

show_help() {  # with any Python: installs nothing
    local python
    python=$(find_python) || exit 2
    PYTHONDONTWRITEBYTECODE=1 JTSIT_PROGRAM="bash run.sh" exec "$python" "$root/jittor_tsit/runtime/help_only.py" "$@"
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
    check)
        prepare test
        cd "$root"
        if [ "${1:-}" = --quick ]; then
            shift
            mapfile -t quick < <(grep -v -e '^#' -e '^$' tests/quick.txt)
            set -- "${quick[@]}" "$@"
        fi
        # A test on each core, up to four at a time: one grew to 2.7 GB. The user's options come last and win.
        export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
        exec "$python" -m pytest -n auto --maxprocesses 4 --dist loadfile "$@"
        ;;
    lint)
        prepare lint
        cd "$root"
        bin=$(dirname "$python")
        "$bin/ruff" check .
        "$bin/ruff" format --check .
        if [ -x "$bin/mypy" ]; then
            "$bin/mypy"
        else
            echo "mypy needs Python 3.10 or newer; types were not checked" >&2
        fi
        ;;
    help) show_help help "$@" ;;
    -h | --help) show_help --help ;;
    --list-experiments) show_help --list-experiments ;;
    --version) sed -n 's/^__version__ = "\(.*\)"/jittor_tsit \1/p' "$root/jittor_tsit/__init__.py" ;;
    *)  # the commands of jittor_tsit/__main__.py
        for word in "$@"; do
            case $word in -h | --help) show_help "$command" "$@" ;; esac
        done
        prepare plots "$command"  # plots: losses.png and metrics.png
        JTSIT_PROGRAM="bash run.sh" exec "$python" -m jittor_tsit "$command" "$@"
        ;;
esac
