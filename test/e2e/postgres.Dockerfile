# PostgreSQL 15 of Debian's packages with the user that the official image has, for clusters without a registry:
#   buildah build --isolation chroot -t postgres:15 -f test/e2e/postgres.Dockerfile .
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN groupadd -r -g 999 postgres && useradd -r -u 999 -g postgres -d /var/lib/postgresql -s /bin/bash postgres \
 && mkdir -p /etc/postgresql-common/createcluster.d \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/image.conf \
 && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists /var/cache/apt
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 999:999
