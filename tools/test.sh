#!/bin/sh
# Runs every check and test. Brings what they need: the dependencies, and on Debian as root the system's packages.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)

has() {
  command -v "$1" >/dev/null 2>&1
}

missing=
has "${SCENELINE_FFMPEG:-ffmpeg}" && has "${SCENELINE_FFPROBE:-ffprobe}" || missing="$missing ffmpeg"
has chromium || missing="$missing chromium"
# Kafka and Cassandra, which the cluster's tests start.
has java || missing="$missing openjdk-17-jre-headless"
has mvn || missing="$missing maven"
# A browser without any font draws no text.
[ ! -d /usr/share/fonts ] || [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing="$missing fonts-dejavu-core"

if [ -n "$missing" ]; then
  line="apt-get update && apt-get install -y --no-install-recommends$missing"
  if has apt-get && [ "$(id -u)" = 0 ]; then
    echo "The tests need$missing. Installing: $line" >&2
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if ! { apt-get -o DPkg::Lock::Timeout=300 update && apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
      tail -n 20 "$log" >&2
      echo "The system's packages could not be installed; its last words are above." >&2
      rm -f "$log"
      exit 2
    fi
    rm -f "$log"
  else
    echo "Missing:$missing. Tests that need it are skipped or fail. As root on Debian: $line" >&2
  fi
fi

exec sh "$root/tools/with-runtime.sh" "$root/tools/run-tests.ts"
