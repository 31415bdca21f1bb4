# A static binary, no shell, not root. Build with the version that `carillon version` is to show:
#   docker build --build-arg VERSION=$(git describe --tags --always) -t carillon .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /carillon ./cmd/carillon \
 && mkdir -p /empty/data

FROM scratch
# Certificates of the authorities, for calls to https:// targets.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /carillon /carillon
COPY --from=build --chown=65532:65532 /empty/data /data
USER 65532:65532
VOLUME /data
EXPOSE 4566
# Listening beyond the container needs keys (CARILLON_AUTH=strict) or CARILLON_INSECURE=true: docs/install.md.
ENV CARILLON_LISTEN=0.0.0.0:4566 CARILLON_DATA=/data
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/carillon", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/carillon"]
CMD ["serve"]
