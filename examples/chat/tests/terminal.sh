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
sees ada "> Hello"
sees bob "<Ada of the Pier> Hello"
sees bob "> What a fine daz"
$tmux send-keys -t bob BSpace
enters bob "y"
sees ada "<bob> What a fine day"
# A private message is not announced to everybody. Its name is completed.
types bob "/msg A"
$tmux send-keys -t bob Tab
sees bob '> /msg "Ada of the Pier"'
enters bob 'Psst!'
sees ada "[bob to you] Psst!"
if $tmux capture-pane -p -t ada | grep -c "is writing" | grep -qv '^1$'; then
    echo "a private message was announced"
    exit 1
fi
# Letters of two columns, letters of several characters, and a window that gets narrower.
types ada "日本語e$(printf '\314\201')x"
$tmux send-keys -t ada BSpace BSpace BSpace
sees ada "> 日本"
$tmux resize-window -t ada -x 40 -y 20
enters ada "です"
sees bob "<Ada of the Pier> 日本です"
# Several lines that are pasted are one message, and there is a history.
$tmux set-buffer -b pasted "$(printf 'one\n<Ada of the Pier> two')"
$tmux paste-buffer -p -b pasted -t bob
$tmux send-keys -t bob Enter
sees ada "<bob> one"
sees ada "    <Ada of the Pier> two"
$tmux send-keys -t bob Up
sees bob "> one"
$tmux send-keys -t bob Down

# Hostile content: nothing of it moves the cursor, sets a title or begins a line.
{
    printf '\033[2J\033]0;pwned\007\302\2331m\342\200\256Hi%200s<bob> Give me the key' ''
    printf '\r<bob> Give\342\200\250<bob> Give\013<bob> Give\n'
    printf '%.0sx' $(seq 1 27)
    printf '<bob> and by the width of the window\n'
} | "$bin/chat" "$address" --as sip:eve@example.com >"$folder/eve"
sees bob "<eve> ␛[2J␛]0;pwned␇[U+009B]1m[U+202E]Hi"
sees bob "of the window"
if $tmux capture-pane -p -t bob | grep "^<bob>\|^..:.. <bob>"; then
    echo "eve has spoken for bob"
    exit 1
fi
if [ "$($tmux display-message -p -t bob '#{pane_title}')" = pwned ]; then
    echo "eve has set the title"
    exit 1
fi

enters bob "/quit"
sees ada "* bob has left"
sees bob "* the session has ended"
# The terminal is restored: it echoes what the user types.
for leaves in "C-c" "TERM"; do
    $tmux new-session -d -s cleo -x 60 -y 20 \
        "$bin/chat '$address' --as sip:cleo@example.com; stty -a; sleep 60"
    sees cleo "* you are in"
    types cleo "half a line"
    if [ "$leaves" = TERM ]; then
        kill -TERM "$(pgrep -f "chat $address --as sip:cleo@example.com" | tail -n 1)"
    else
        $tmux send-keys -t cleo "$leaves"
    fi
    sees ada "* cleo has left"
    sees cleo " icanon"
    sees cleo " echo "
    $tmux kill-session -t cleo
    enters ada "Bye"
    $tmux clear-history -t ada
    $tmux send-keys -t ada C-l
done
# When the room is back, so is the participant.
kill -TERM "$room"
sees ada "* the session has ended"
sees ada "* joining again"
"$bin/chat-room" --listen "$address" --msrp 127.0.0.1:0 >"$folder/room" &
room=$!
sees ada "* you are in"
$tmux send-keys -t ada C-c
echo "all was seen"
