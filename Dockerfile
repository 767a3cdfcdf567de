# Builds the program with the pinned Deno and puts it, alone, on a base that has glibc and nothing else: no shell, no package
# manager. Both base images exist for amd64 and arm64, so a build on either machine (or `--platform`) gives its program.
FROM docker.io/denoland/deno:2.9.6 AS build
WORKDIR /build
# Packages first, for the build cache: they change less often than the sources.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY main.ts ./
COPY build ./build
COPY src ./src
RUN deno task compile && mkdir state

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/dist/sluice /usr/local/bin/sluice
# ACME accounts and certificates: mount a volume here to keep them.
COPY --from=build --chown=65532:65532 /build/state /var/lib/sluice
# sluice reads ./.env: mount one as /etc/sluice/.env
WORKDIR /etc/sluice
# Fair turns with hundreds of busy connections, and no extra cost with thousands of idle ones (docs/platform.md).
ENV DENO_TOKIO_MAX_IO_EVENTS_PER_TICK=48
ENV DENO_TOKIO_EVENT_INTERVAL=1
ENV GLIBC_TUNABLES=glibc.malloc.tcache_count=1000
# The image's own user "nonroot", as a number so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/sluice", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sluice"]
