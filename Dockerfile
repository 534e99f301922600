# Parley for production, without the embedded database, Valkey and model: compose.yaml shows all that it needs.
FROM python:3.13-slim-bookworm AS build
WORKDIR /parley
COPY pyproject.toml requirements.lock README.md ./
RUN sed -n '/^uv==/,/# via/p' requirements.lock > /parley/uv.txt \
 && python -m pip install --quiet --no-cache-dir --disable-pip-version-check --target /parley/tools -r /parley/uv.txt
# Only what pyproject.toml asks for in production, in the versions and with the hashes of the lock.
RUN python -m venv --without-pip /parley/.venv \
 && /parley/tools/bin/uv pip install --quiet --python /parley/.venv/bin/python --require-hashes -c requirements.lock -r pyproject.toml
# Google's client brings descriptions of all its services, 100 MB; Gmail's is the one in use.
RUN find /parley/.venv -path '*/discovery_cache/documents/*.json' ! -name 'gmail.v1.json' -delete
COPY app app
COPY baml_src baml_src
RUN /parley/.venv/bin/baml-cli generate --from baml_src \
 && /parley/tools/bin/uv pip install --quiet --python /parley/.venv/bin/python --offline --no-deps --editable . \
 && /parley/.venv/bin/python -m compileall -q -j 0 /parley/.venv/lib /parley/app

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin parley \
 && install -d -o parley -g parley -m 700 /parley/data
WORKDIR /parley
COPY --from=build /parley/.venv .venv
COPY --from=build /parley/app app
COPY pyproject.toml LICENSE NOTICE ./
COPY migrations migrations
COPY templates templates
COPY static static
ENV PATH=/parley/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PARLEY_HOST=0.0.0.0 PARLEY_PORT=8000 PARLEY_DATA_DIR=/parley/data PARLEY_LOG_FORMAT=json
USER parley
EXPOSE 8000
CMD ["parley", "web"]
