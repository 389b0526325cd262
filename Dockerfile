# Images of aNEOS. Targets: aneos-api, aneos-worker, aneos-migrate, aneos-backup.
#
#   docker build --target aneos-api -t aneos-api:0.1.0 .
#
# BASE is any Debian 12 image with Python 3.11; pin it by digest with --build-arg BASE=name@sha256:… Everything that is
# installed with pip is checked against the hashes in requirements/. deploy/build-images.sh builds without a registry.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

# ---- the dashboard's scripts and styles -------------------------------------------------------------------------
FROM ${BASE} AS assets
COPY requirements/web.txt /build/requirements/
RUN python3 -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/requirements/web.txt
ENV PATH=/opt/node/bin:$PATH
WORKDIR /build
COPY web/package.json web/package-lock.json web/
RUN npm --prefix web ci --ignore-scripts --no-audit --no-fund
COPY web web
COPY src/aneos_api/dashboard/templates src/aneos_api/dashboard/templates
RUN npm --prefix web run build

# ---- the environment, with the compiled kernels -----------------------------------------------------------------
FROM ${BASE} AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev \
 && rm -rf /var/lib/apt/lists/*
ENV UV_LINK_MODE=copy UV_NO_CACHE=1
COPY requirements/bootstrap.txt requirements/api.txt /build/requirements/
RUN python3 -m venv /opt/boot /opt/aneos \
 && /opt/boot/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/requirements/bootstrap.txt \
 && /opt/boot/bin/uv pip install --python /opt/aneos/bin/python --require-hashes -r /build/requirements/api.txt
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY --from=assets /build/src/aneos_api/dashboard/static src/aneos_api/dashboard/static
# Built with the bootstrap's setuptools, whose hash was checked; the environment itself gets no build tool.
RUN /opt/boot/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /build/dist . \
 && /opt/boot/bin/uv pip install --python /opt/aneos/bin/python --no-deps /build/dist/*.whl \
 && rm -rf /opt/aneos/bin/pip* /opt/aneos/lib/python3*/site-packages/pip /opt/aneos/lib/python3*/site-packages/pip-* \
 && /opt/aneos/bin/python -m compileall -q -j 0 -x '[/]tests[/]' /opt/aneos/lib \
 && PYTHONDONTWRITEBYTECODE=1 /opt/aneos/bin/aneos --version

# ---- what all images share --------------------------------------------------------------------------------------
FROM ${BASE} AS runtime
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get upgrade -y \
 && apt-get install -y --no-install-recommends libgomp1 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 aneos \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/aneos --shell /usr/sbin/nologin aneos \
 && install -d -o aneos -g aneos -m 0750 /var/lib/aneos /var/lib/aneos/backups
COPY --from=build /opt/aneos /opt/aneos
# The root file system may be read-only: what is written goes to /var/lib/aneos (a volume) and /tmp (memory).
ENV PATH=/opt/aneos/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ANEOS_ENVIRONMENT=production \
    ANEOS_DATA_DIR=/var/lib/aneos \
    ANEOS_CACHE_DIR=/tmp/aneos-cache \
    ANEOS_DATABASE__MIGRATE_ON_START=false \
    ANEOS_JOBS__IN_PROCESS=false \
    XDG_CACHE_HOME=/tmp/cache \
    XDG_DATA_HOME=/var/lib/aneos/share \
    MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /var/lib/aneos
VOLUME ["/var/lib/aneos"]
STOPSIGNAL SIGTERM
USER 10001:10001

# ---- the service ------------------------------------------------------------------------------------------------
FROM runtime AS aneos-api
LABEL org.opencontainers.image.title="aneos-api" \
      org.opencontainers.image.description="API and dashboard of aNEOS" \
      org.opencontainers.image.licenses="BSD-3-Clause"
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["aneos-probe", "http://127.0.0.1:8000/health/live"]
ENTRYPOINT ["tini", "--", "python", "-m", "aneos_api.server"]
CMD ["--host", "0.0.0.0", "--port", "8000"]

# ---- migrations; also loads the catalogue (aneos-load) --------------------------------------------------------
FROM runtime AS aneos-migrate
LABEL org.opencontainers.image.title="aneos-migrate" \
      org.opencontainers.image.description="Brings the database of aNEOS up to date" \
      org.opencontainers.image.licenses="BSD-3-Clause"
HEALTHCHECK NONE
ENTRYPOINT ["tini", "--", "aneos-migrate"]

# ---- the worker: its backup job needs pg_dump of the server's major version (Debian 12: 15) --------------------
FROM runtime AS aneos-worker
LABEL org.opencontainers.image.title="aneos-worker" \
      org.opencontainers.image.description="Runs the jobs of aNEOS" \
      org.opencontainers.image.licenses="BSD-3-Clause"
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client \
 && rm -rf /var/lib/apt/lists/*
USER 10001:10001
ENV ANEOS_OBSERVABILITY__WORKER_PORT=9101
EXPOSE 9101
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["aneos-probe", "http://127.0.0.1:9101/health/live"]
ENTRYPOINT ["tini", "--", "aneos-worker"]

# ---- backup and restore by hand or by a scheduler --------------------------------------------------------------
FROM aneos-worker AS aneos-backup
LABEL org.opencontainers.image.title="aneos-backup" \
      org.opencontainers.image.description="Makes, lists, checks and restores backups of aNEOS"
HEALTHCHECK NONE
ENTRYPOINT ["tini", "--", "aneos-backup"]
CMD ["list"]
