#!/bin/sh
# Write the locks from pyproject.toml: one for all supported versions of Python, with hashes and no registry's address.
# Usage: sh setup/lock.sh [--upgrade]
set -eu
cd "$(dirname "$0")/.."

lock() {
    output=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --output-file "$output" "$@"
}

lock requirements.lock "$@" --group build pyproject.toml
lock requirements-test.lock "$@" --group build --group test --constraint requirements.lock pyproject.toml
lock requirements-node.lock "$@" setup/node.in
npm install --package-lock-only --silent
