#!/bin/sh
# Installs what the interop suite needs and the machine lacks (Debian, Ubuntu), and builds the Pion peer.
# Run as root. Go must be there already: distributions carry versions too old for Pion.
set -eu
cd "$(dirname "$0")"

missing=""
for pair in chromium:chromium firefox-esr:firefox-esr ip:iproute2 nft:nftables; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -qq --no-install-recommends $missing
fi

if ! command -v go >/dev/null 2>&1; then
  echo "install.sh: Go 1.24 or newer is needed to build the Pion peer (https://go.dev/dl/)" >&2
  exit 1
fi
mkdir -p bin
(cd pion && go build -trimpath -o ../bin/pion .)
