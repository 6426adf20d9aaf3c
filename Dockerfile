# A small image without a shell, for a batsignal with a Postgres of its own beside
# it. Build: docker build --build-arg VERSION=$(git describe --always) -t batsignal .

FROM golang:1.26-bookworm AS build
WORKDIR /src
# The modules change seldom, so they are a layer of their own.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=${VERSION}" -o /batsignal ./cmd/batsignal
# An empty directory that the image's account owns.
RUN mkdir -p /state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 --chmod=0700 /state /var/lib/batsignal
COPY --from=build /batsignal /batsignal
USER 65532:65532
# The one address that a container can be reached at. Links need the name that
# people know it by: set BATSIGNAL_WEB_PUBLIC_URL, or web.public_url in the file.
ENV BATSIGNAL_CONFIG=/etc/batsignal/batsignal.yaml \
    BATSIGNAL_STATE_DIR=/var/lib/batsignal \
    BATSIGNAL_WEB_LISTEN=0.0.0.0:8373
EXPOSE 8373
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/batsignal", "health"]
ENTRYPOINT ["/batsignal"]
CMD ["serve"]
