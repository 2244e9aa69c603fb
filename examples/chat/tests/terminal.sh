#!/bin/sh
# Two users in tmux: keys, lines, nicknames, typing notifications, leaving. Prints
# what it has seen, or "skipped" without tmux.
set -eu
cd "$(dirname "$0")/../../.."

if ! command -v tmux >/dev/null; then
    echo "skipped: tmux is not installed"
    exit 0
fi
cargo build --quiet -p msrp-chat
bin=${CARGO_TARGET_DIR:-target}/debug

folder=$(mktemp -d)
tmux="tmux -S $folder/socket -f /dev/null"
"$bin/chat-room" --listen 127.0.0.1:0 --msrp 127.0.0.1:0 >"$folder/room" &
room=$!
trap 'kill "$room" 2>/dev/null || true; $tmux kill-server 2>/dev/null || true; rm -rf "$folder"' EXIT

n=0
until grep -qs ' at ' "$folder/room"; do
    n=$((n + 1))
    [ "$n" -lt 100 ] || { echo "the room does not start"; exit 1; }
    sleep 0.1
done
address=$(sed 's/.* at //' "$folder/room")

# Waits until a window shows a line.
sees() {
    n=0
    until $tmux capture-pane -p -t "$1" | grep -qF "$2"; do
        n=$((n + 1))
        if [ "$n" -ge 100 ]; then
            echo "$1 does not show: $2"
            $tmux capture-pane -p -t "$1"
            exit 1
        fi
        sleep 0.1
    done
    echo "$1 shows: $2"
}

types() {
    $tmux send-keys -t "$1" -l "$2"
}

enters() {
    types "$1" "$2"
    $tmux send-keys -t "$1" Enter
}

$tmux new-session -d -s ada -x 60 -y 20 "$bin/chat '$address' --as sip:ada@example.com"
$tmux set-option -g remain-on-exit on
$tmux new-session -d -s bob -x 60 -y 20 "$bin/chat '$address' --as sip:bob@example.com"

sees ada "* bob is here"
sees bob "* you are in sip:room@chat.invalid"
enters ada "/nick Ada of the Pier"
sees ada "* you are called Ada of the Pier"
sees bob "is called Ada of the Pier"
enters bob "/nick ADA OF THE PIER"
sees bob "! that nickname is reserved or somebody else's"
types bob "What a fine daz"
sees ada "* bob is writing"
# An incoming line does not disturb the line that the user is writing.
enters ada "Hello"
sees ada "<you> Hello"
sees bob "<Ada of the Pier> Hello"
sees bob "> What a fine daz"
$tmux send-keys -t bob BSpace
enters bob "y"
sees ada "<bob> What a fine day"
enters bob '/msg "Ada of the Pier" Psst!'
sees ada "[bob to you] Psst!"
sees bob "[you to Ada of the Pier] Psst!"
enters bob "/quit"
sees ada "* bob has left"
sees bob "* the session has ended"
# The terminal is restored: it echoes what the user types.
$tmux new-session -d -s cleo -x 60 -y 20 \
    "$bin/chat '$address' --as sip:cleo@example.com; stty -a; sleep 60"
sees cleo "* you are in"
$tmux send-keys -t cleo C-c
sees ada "* cleo has left"
sees cleo " icanon"
sees cleo " echo "
kill -TERM "$room"
sees ada "* the session has ended"
echo "all was seen"
