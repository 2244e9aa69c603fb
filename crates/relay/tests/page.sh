#!/bin/sh
# A client of the relay in headless Chromium: it authenticates itself over a
# WebSocket and talks with an endpoint over TCP and with another page's client.
# Installs Debian's chromium and chromium-driver where they are missing, or skips
# the test where it may not.
set -eu
cd "$(dirname "$0")/../../.."

has_browser() {
    command -v chromedriver >/dev/null && command -v chromium >/dev/null
}

if ! has_browser; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "skipped: chromium or chromedriver is missing, and only root can install them by apt-get"
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
fi

cargo test -p msrp-relay --test page -- --ignored --nocapture
