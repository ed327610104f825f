# The agent as an image, for charts/bluehelm to run in a cluster: docker build -t bluehelm:0.1.0 .
# Where the usual registries cannot be reached, name your mirror's images: --build-arg PYTHON=mirror/python:3.11-slim
ARG PYTHON=docker.io/library/python:3.11-slim
ARG KUBECTL=registry.k8s.io/kubectl:v1.36.3
ARG HELM=docker.io/alpine/helm:4.3.1

FROM ${KUBECTL} AS kubectl
FROM ${HELM} AS helm

FROM ${PYTHON} AS build
WORKDIR /src
COPY locks/run.txt locks/run.txt
RUN python3 -m venv /opt/bluehelm \
 && /opt/bluehelm/bin/pip install --no-cache-dir --require-hashes --requirement locks/run.txt
COPY . .
RUN /opt/bluehelm/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/bluehelm/bin/pip uninstall --yes --quiet hatchling editables pip

FROM ${PYTHON}
COPY --from=kubectl /bin/kubectl /usr/local/bin/kubectl
COPY --from=helm /usr/bin/helm /usr/local/bin/helm
COPY --from=build /opt/bluehelm /opt/bluehelm
# Nothing is written but below /tmp, so that the root file system may be read-only.
ENV PATH=/opt/bluehelm/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["agent"]
