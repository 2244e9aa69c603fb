#!/bin/sh
# Drives the page in headless Chromium: sends, connects, opens a session, says
# something in it and sees the events. Installs Debian's chromium and
# chromium-driver where they are missing, or skips the test where it may not.
# Leaves a screenshot at the path given as first argument.
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

screenshot=${1:-$(mktemp -u --suffix=.png)}
MSRP_PAGE_SCREENSHOT=$screenshot cargo test -p msrp-gateway --test page -- --ignored --nocapture
echo "screenshot: $screenshot"
