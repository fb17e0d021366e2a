#!/usr/bin/env bash
# Bring the Python environment up to date: the state folder, .state/venv, the locked packages and ours.
# Needs bash, coreutils and Python >= 3.11 (or apt to get one). A run with nothing to do takes a fraction of a second.
# Everything else is written in Python: see infra/src/messenger_infra.
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."
REPO=$PWD
MEMBERS=(services/platform services/user services/chat services/realtime services/terminal gateway/app infra)
SERVICE_USER=messenger

say() { printf '· %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }
# The servers never run as root: what they must be able to read and execute is tried as the user they run as.
as_service() { if is_root; then setpriv --reuid "$SERVICE_USER" --regid "$SERVICE_USER" --clear-groups -- "$@"; else "$@"; fi; }

# What the environment is made of; copied sources count as well, linked ones do not.
stamp() {
    {
        cat requirements.lock infra/bootstrap.sh
        for member in "${MEMBERS[@]}"; do cat "$member/pyproject.toml"; done
        if [ -e .state/venv/.copied ]; then
            for member in "${MEMBERS[@]}"; do find "$member/src" -type f ! -name '*.pyc' -print0; done |
                sort -z | xargs -0 sha256sum
        fi
    } | sha256sum | cut -d' ' -f1
}
fresh() { [ -x .state/venv/bin/python ] && [ "$(cat .state/venv/.stamp 2>/dev/null)" = "$(stamp)" ]; }

fresh && exit 0

if is_root && ! id "$SERVICE_USER" >/dev/null 2>&1; then
    say "creating the system user $SERVICE_USER (the servers do not run as root)"
    useradd --system --user-group --no-create-home --home-dir /var/lib/messenger --shell /usr/sbin/nologin "$SERVICE_USER"
fi

# A clone below a closed folder (/root, a 0700 home) cannot be read by the service user: then the state lives in
# /var/lib/messenger and holds copies of our packages. The same when the path is too long for a Unix socket (107 bytes).
readable=yes
as_service test -x "$REPO" -a -r "$REPO/services/platform/pyproject.toml" || readable=no
if [ ! -e .state ]; then
    if [ $readable = no ] || [ ${#REPO} -gt 60 ]; then
        is_root && base=/var/lib/messenger || base=${XDG_STATE_HOME:-$HOME/.local/state}/messenger
        home=$base/$(printf %s "$REPO" | sha256sum | cut -c1-12)
        mkdir -p "$home"
        rm -f .state
        ln -s "$home" .state
        say "state folder: $home (linked from .state)"
    else
        mkdir .state
    fi
fi
STATE=$(realpath .state)
[ ! -w "$STATE" ] || exec 9>"$STATE/.bootstrap.lock"
flock 9 2>/dev/null || true
fresh && exit 0

apt_get() {
    command -v apt-get >/dev/null || die "no usable Python >= 3.11 with venv, and no apt-get to install one: install python3 and python3-venv"
    local sudo=()
    is_root || { command -v sudo >/dev/null || die "installing $* needs root or sudo"; sudo=(sudo); }
    say "installing $* (apt)"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "$@" >&2 ||
        die "apt could not install $*: see the lines above"
}
usable() { as_service "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
find_python() {
    local name path
    for name in python3.11 /usr/bin/python3.11 /usr/bin/python3 python3 python3.12 python3.13; do
        path=$(command -v "$name" 2>/dev/null) || continue
        if usable "$path"; then printf %s "$path"; return 0; fi
    done
    return 1
}

VENV=$STATE/venv
if ! { [ -x "$VENV/bin/python" ] && usable "$VENV/bin/python"; }; then
    PYTHON=$(find_python) || { apt_get python3 python3-venv; PYTHON=$(find_python) || die "still no usable Python >= 3.11"; }
    say "creating the environment with $PYTHON"
    rm -rf "$VENV"
    "$PYTHON" -m venv "$VENV"
fi

UV=$(sed -n 's/^uv==\([^ ;]*\).*/\1/p' requirements.lock)
if [ "$("$VENV/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$UV" ]; then
    say "installing uv $UV"
    awk '/^uv==/ {inside = 1} inside {print} inside && !/\\$/ {exit}' requirements.lock >"$STATE/uv.lock"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$STATE/uv.lock" >&2 ||
        die "pip could not install uv $UV: is the package index reachable?"
fi

LOCKED=$(sha256sum <requirements.lock)
if [ "$(cat "$VENV/.locked" 2>/dev/null)" != "$LOCKED" ]; then
    say "installing the $(grep -c '^[a-z0-9]' requirements.lock) locked packages"
    "$VENV/bin/uv" pip sync --python "$VENV/bin/python" --require-hashes --compile-bytecode --quiet requirements.lock >&2 ||
        { say "uv failed, trying pip"; "$VENV/bin/python" -m pip install --quiet --require-hashes --no-deps -r requirements.lock >&2; } ||
        die "the locked packages could not be installed: is the package index reachable?"
    echo "$LOCKED" >"$VENV/.locked"
fi

say "installing our own packages"
arguments=()
for member in "${MEMBERS[@]}"; do
    if [ $readable = yes ]; then arguments+=(--editable "$member"); else arguments+=("./$member"); fi
done
rm -f "$VENV/.copied"
[ $readable = yes ] || touch "$VENV/.copied"
reinstall=()
[ $readable = yes ] || reinstall=(--reinstall-package messenger-infra --reinstall --no-cache)
"$VENV/bin/uv" pip install --python "$VENV/bin/python" --quiet --no-deps --no-build-isolation "${reinstall[@]}" "${arguments[@]}" >&2 ||
    die "our own packages could not be installed: see the lines above"
stamp >"$VENV/.stamp"
