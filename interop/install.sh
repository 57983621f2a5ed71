#!/bin/sh
# Installs what the interop suite needs and the machine lacks (Debian, Ubuntu), and builds the Pion peer.
# Run as root. Pion needs Go 1.24: where the distribution's is older, put a newer one into the PATH before.
set -eu
cd "$(dirname "$0")"

# Where Go's own archive puts it, which need not be in the PATH of a service.
if [ -x /usr/local/go/bin/go ]; then PATH=/usr/local/go/bin:$PATH; fi

missing=""
for pair in chromium:chromium firefox-esr:firefox-esr ffmpeg:ffmpeg ip:iproute2 nft:nftables turnserver:coturn openssl:openssl; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -qq --no-install-recommends $missing
fi

mkdir -p bin
(cd pion && go build -trimpath -o ../bin/pion .)
