#!/bin/sh
# Two people in tmux: one offers three files, the other is asked about each.
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
cd "$folder"
mkdir inbox
for name in one two three; do
    echo "the file $name" >"$name.txt"
done

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

enters() {
    $tmux send-keys -t "$1" -l "$2"
    $tmux send-keys -t "$1" Enter
}

for who in ada bob; do
    $tmux new-session -d -s "$who" -x 78 -y 20 "env PS1='$ ' sh"
    sees "$who" '$'
done
enters ada "$bin offer one.txt two.txt three.txt --sdp-out offer --sdp-in answer; echo ended \$?"
enters bob "$bin fetch --out inbox --sdp-in offer --sdp-out answer; echo ended \$?"
sees bob "accept one.txt, text/plain, 13 B? [y/n/all/none]"
[ ! -e answer ]
enters bob ""
enters bob y
sees bob "accept two.txt, text/plain, 13 B? [y/n/all/none]"
enters bob n
sees bob "accept three.txt, text/plain, 15 B? [y/n/all/none]"
enters bob all
sees bob "two.txt: the user does not want it"
sees bob "received inbox/one.txt, 13 B"
sees bob "received inbox/three.txt, 15 B"
sees bob "ended 1"
sees ada "two.txt: the other side refuses the file"
sees ada "sent one.txt, 13 B"
sees ada "sent three.txt, 15 B"
sees ada "ended 1"
cmp one.txt inbox/one.txt
cmp three.txt inbox/three.txt

# Whoever is interrupted learns how to go on.
head -c 3000000 /dev/zero >zero.bin
rm offer answer
enters ada "clear; $bin offer zero.bin --rate 500k --sdp-out offer --sdp-in answer; echo ended \$?"
enters bob "clear; $bin fetch -y --out inbox --sdp-in offer --sdp-out answer; echo ended \$?"
sees bob "KiB/2.86 MiB"
$tmux send-keys -t bob C-c
sees bob "zero.bin: the program was stopped"
sees bob "what has arrived is kept; fetch --resume asks for the rest"
sees bob "ended 1"
sees ada "zero.bin: the other side has stopped the transfer"
sees ada "ended 1"
rm offer answer
enters bob "clear; $bin fetch --resume --out inbox --sdp-out offer --sdp-in answer; echo ended \$?"
enters ada "clear; $bin offer --serve zero.bin --sdp-in offer --sdp-out answer; echo ended \$?"
sees bob "received inbox/zero.bin"
sees bob "ended 0"
sees ada "ended 0"
cmp zero.bin inbox/zero.bin

# With --yes nobody is asked.
rm offer answer
enters ada "clear; $bin offer two.txt --sdp-out offer --sdp-in answer; echo ended \$?"
enters bob "clear; $bin fetch --yes --out inbox --sdp-in offer --sdp-out answer; echo ended \$?"
sees bob "received inbox/two.txt, 13 B"
sees bob "ended 0"
sees ada "ended 0"
echo "all was seen"
