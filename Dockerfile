# An image for operators: `docker run --rm -v "$PWD/firm:/firm" pm2xero status --org /firm/organisation.yaml`
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY src ./src
COPY rules ./rules
COPY mappings ./mappings
COPY schema ./schema
COPY docs ./docs
# The rule engine is compiled; this define lets it be imported on newer versions of Python, too.
ENV CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject
RUN python -m venv /opt/pm2xero && /opt/pm2xero/bin/pip install --no-cache-dir ".[postgres]"

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 operator
COPY --from=build /opt/pm2xero /opt/pm2xero
USER operator
WORKDIR /firm
VOLUME /firm
ENTRYPOINT ["/opt/pm2xero/bin/pm2xero"]
CMD ["--help"]
