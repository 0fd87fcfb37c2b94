#!/usr/bin/env bash
# Makes the Python environment once, then runs plain `python -m …` lines. `bash run.sh help` lists them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'TEXT'
bash run.sh train   train a model; run the same command again to resume
                    example: bash run.sh train --data data/landscape perceptual_weights=vgg19.pth
bash run.sh test    generate images from label maps and pack them into submission.zip
                    example: bash run.sh test --data data/landscape/test --compare
bash run.sh score   score images by the contest's terms, as far as their judges are available
                    example: bash run.sh score --images runs/mine/test/images --labels DIR/test --real DIR
bash run.sh average average the weights of several checkpoints
                    example: bash run.sh average --run-dir runs/mine --last 3
bash run.sh convert make a checkpoint from published PyTorch files, or from the contest team's Jittor files
                    example: bash run.sh convert --from latest_net_G.pth --system spade --out spade.safetensors
bash run.sh export  write a checkpoint as the files that the official PyTorch code loads
                    example: bash run.sh export --checkpoint runs/mine/state-000100000.safetensors --out official
bash run.sh curate  make the splits Total, Selection I and II of a data set, and a page to review them
                    example: bash run.sh curate --data data/landscape --out curation
bash run.sh labels  turn pictures in colours into label maps, and back
                    example: bash run.sh labels --from-colors coloured --palette classes.json --out labels
bash run.sh synth   render landscapes with exact label maps
                    example: bash run.sh synth --out data/synth --count 200 --seed 0
bash run.sh doctor  say what was found on this machine: compiler, oneDNN, CUDA, GPU, versions
                    example: bash run.sh doctor
bash run.sh check   run the tests; with --quick the few that prove the main promises (tests/README.md)
                    example: bash run.sh check --quick
bash run.sh lint    check style (ruff) and types (mypy)
                    example: bash run.sh lint
bash run.sh help    this list; --version prints the version

Every command has --help. Without --data, train renders a small sample set and trains on that.
TEXT
}

fail() { echo "error: $1" >&2; exit 2; }

find_python() {  # the active environment's, the default one, or any other that Jittor can use
    for python in "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" "${CONDA_PREFIX:+$CONDA_PREFIX/bin/python}" \
        python3 python3.12 python3.11 python3.10 python3.9 python3.8; do
        if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    fail "no Python 3.8 to 3.12 found; on Debian or Ubuntu: sudo apt-get install python3 python3-venv python3-dev"
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

prepare() {  # sets $python; $1: extra to install besides the package, or nothing
    local found environment stamp want
    found=$(find_python) || exit 2
    environment=${VIRTUAL_ENV:-${CONDA_PREFIX:-$root/.venv}}
    stamp=$environment/.jittor_tsit${1:+-${1:-}}
    want="$root $(cksum <"$root/setup.py")"
    python=$environment/bin/python
    if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    check_tools "$found"
    if [ ! -x "$environment/bin/pip" ] && [ "$environment" = "$root/.venv" ]; then
        "$found" -m venv "$environment" || fail "cannot make $environment; on Debian or Ubuntu: sudo apt-get install python3-venv"
    fi
    echo "installing the package and what it needs into $environment (once, about a minute)" >&2
    "$python" -m pip install --disable-pip-version-check --editable "$root${1:+[${1:-}]}" >&2 ||
        fail "the installation into $environment failed; the lines above say why"
    echo "$want" >"$stamp"
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
    train | test | score | average | convert | export | doctor)
        prepare
        exec "$python" -m jittor_tsit "$command" "$@"
        ;;
    synth | curate | labels)
        prepare
        exec "$python" -m data_tools "$command" "$@"
        ;;
    check)
        prepare test
        cd "$root"
        if [ "${1:-}" = --quick ]; then
            shift
            mapfile -t quick < <(grep -v -e '^#' -e '^$' tests/quick.txt)
            set -- "${quick[@]}" "$@"
        fi
        exec "$python" -m pytest "$@"
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
    help | -h | --help) usage ;;
    --version) sed -n 's/^__version__ = "\(.*\)"/jittor_tsit \1/p' "$root/jittor_tsit/__init__.py" ;;
    *)
        usage >&2
        exit 2
        ;;
esac
