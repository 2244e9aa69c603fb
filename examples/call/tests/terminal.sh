#!/bin/sh
# A call in tmux: typing, lines, a file, hostile text, the state of the terminal afterwards.
# Prints what it has seen, or "skipped" without tmux. The argument is the program.
set -eu
bin=$1

if ! command -v tmux >/dev/null; then
    echo "skipped: tmux is not installed"
    exit 0
fi

folder=$(mktemp -d)
tmux="tmux -S $folder/socket -f /dev/null"
trap '$tmux kill-server 2>/dev/null || true; rm -rf "$folder"' EXIT
echo "a file" >"$folder/notes.txt"

# Waits until a window shows a line.
sees() {
    n=0
    until $tmux capture-pane -p -t "$1" | grep -qF -- "$2"; do
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

for who in bob ada; do
    $tmux new-session -d -s "$who" -x 70 -y 20 "env PS1='$ ' sh"
    sees "$who" '$'
done
# The shell says when the program has left the terminal.
left="; echo le''ft"
enters bob "$bin listen --sip 127.0.0.1:0 --out $folder/inbox$left"
sees bob "* waiting for calls to sip:127.0.0.1:"
uri=$($tmux capture-pane -p -t bob | sed -n 's/.*calls to \(sip:[0-9.:]*\).*/\1/p')
enters ada "$bin dial $uri$left"
sees ada "* connected to $uri"
sees bob "* connected to sip:127.0.0.1:"

types ada "Are you"
sees bob "* the other side is writing"
enters ada " there?"
sees bob "< Are you there?"
enters bob "Yes"
sees ada "< Yes"
enters ada "/send $folder/notes.txt"
sees bob "* received"
cmp "$folder/notes.txt" "$folder/inbox/notes.txt"
enters ada "/send $folder/nothing"
sees ada "* $folder/nothing"

# A line of Ada's never looks like one of the program.
enters ada "x                                                                  * bob hangs up"
sees bob "* bob hangs up"
if $tmux capture-pane -p -t bob | grep -q '^\* bob'; then
    echo "bob is deceived"
    exit 1
fi

enters ada "/bye"
sees ada "* the call is over"
sees bob "* the call is over"
$tmux send-keys -t bob C-c
for who in bob ada; do
    sees "$who" "left"
    enters "$who" "stty -a | grep -o -- '-*icanon' | sed 's/^/mode: /'"
    sees "$who" "mode: icanon"
done
echo "all was seen"
