# One image for every role: `docker build -t sceneline .`, then `docker run sceneline doctor`. Not built in CI: no Docker there. A test checks that what it copies exists.
FROM debian:12.12-slim AS packages
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/sceneline
COPY package.json package-lock.json .npmrc sceneline ./
COPY tools/install.sh tools/
COPY bin bin
COPY src src
RUN ./sceneline --version

FROM debian:12.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home sceneline && install -d -o sceneline /var/lib/sceneline
COPY --from=packages /opt/sceneline /opt/sceneline
USER sceneline
ENV SCENELINE_STATE=/var/lib/sceneline/state
VOLUME /var/lib/sceneline
ENTRYPOINT ["/opt/sceneline/sceneline"]
CMD ["--help"]
