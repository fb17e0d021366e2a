#!/usr/bin/env bash
# Compile requirements.lock: every member's dependencies and the tools, universal, with hashes, without any address.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
members=(services/*/pyproject.toml gateway/app/pyproject.toml infra/pyproject.toml)
names=$(sed -n 's/^name = "\(.*\)"/\1/p' "${members[@]}" | paste -sd'|')
sed -n '/^dependencies/,/^]/p' "${members[@]}" | grep -o '"[^"]*"' | tr -d '"' | grep -vE "^($names)\$" | sort -u >.state/all.in
.state/venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
    --python-version 3.11 --no-header --no-annotate \
    --group pyproject.toml:infra --group pyproject.toml:dev .state/all.in --output-file requirements.lock
