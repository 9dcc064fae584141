#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact top: one sample as a table and as JSON, the screen of a terminal, and how it ends.

load store
setup() {
    tact=$(realpath "${TACT:-$BATS_TEST_DIRNAME/../../build/tact}")
    cd "$BATS_TEST_TMPDIR"
    "$tact" serve --db db --listen ipc://here.ipc --http '' 2>log 3>&- &
    server=$!
    for ((i = 0; i < 500; i++)); do
        ! grep -q msg=ready log || return 0
        sleep 0.02
    done
    cat log
    return 1
}
teardown() { kill -KILL "$server" 2>/dev/null || true; }

# on_a_terminal KEYS: what a terminal got, `stty -g` before and after it in the first and last line.
on_a_terminal() {
    { sleep 2; printf "$1"; sleep 1; } |
        timeout --foreground 20 script -qec "stty -g; '$tact' top --to ipc://here.ipc; echo code \$?; stty -g" /dev/null >screen
}

@test "help" {
    helps top
    says '--once'
}

@test "no terminal: one sample as a table" {
    does top --to ipc://here.ipc </dev/null
    says 'requests/s'
    says 'nothing is published'
    [[ $stdout =~ status\ +[0-9.]+ ]] || told
    [[ $stdout != *$'\x1b'* ]] || told
    [ -z "$stderr" ] || told
}

@test "as JSON" {
    does top --to ipc://here.ipc --json
    node -e 'const v = JSON.parse(process.argv[1]);
        if (!(v.seconds >= 1 && v.requests_s > 0 && v.operations.status.p99_us > 0 && v.connections === 1)) throw v' \
        "$stdout"
}

@test "on a terminal it draws, and leaves it as it was" {
    for key in q '\003'; do
        on_a_terminal "$key"
        grep -q $'\x1b\\[?1049h' screen
        grep -q $'\x1b\\[?1049l' screen
        grep -q 'requests/s' screen
        grep -q 'code 0' screen
        [ "$(head -n 1 screen)" = "$(tail -n 1 screen)" ]
    done
}

@test "who cannot be asked" {
    t top --to nowhere --once
    [ "$status" -eq 2 ] || told
    t top --to ipc://nobody.ipc --once
    [ "$status" -eq 3 ] || told
    [[ $stderr == *ipc://nobody.ipc* ]] || told
}
