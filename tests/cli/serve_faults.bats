#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact serve: what befalls the process: a full disk, a folder that cannot be written. And ten seconds of the soak.
# Faults of messages and connections are in tests/server/fault_test.c.

load store
load rules
load server
setup() { store_setup && rules_shop && echo 'events: {page_view: }' >>shop/bundle.yaml && does publish shop --db db; }
teardown() { server_end; }

# record N NUMBER...: an event of the person N.
record() {
    echo "{\"event\": \"page_view\", \"person\": {\"crm\": \"$1\"}}" >event.ndjson
    t record event.ndjson --to "$url"
}

@test "a full disk refuses what is recorded, and decisions go on" {
    # No file may grow: writes beyond the limit fail as they do where there is no room. Whoever sets it is a shell of
    # its own, which ignores the signal that comes with it.
    does record /dev/stdin --db db < <(seq 300 | sed 's/.*/{"event": "page_view", "person": {"crm": "&"}}/')
    (
        trap '' XFSZ
        ulimit -f $(($(stat -c %s db/data.mdb) / 1024))
        exec "$tact" serve --db db --listen "ipc://$PWD/full.ipc" --http '' 2>log 3>&-
    ) &
    server=$!
    url=ipc://$PWD/full.ipc
    until grep -qsF msg=ready log; do kill -0 "$server" || { cat log; return 1; }; sleep 0.02; done
    local last=0 n
    for ((n = 1000; n < 1400; n++)); do
        record "$n"
        [ "$status" -eq 0 ] || break
        last=$n
    done
    [ "$n" -lt 1400 ] && [ "$status" -ne 0 ] && [ -n "$stderr" ] || told
    does decide --person crm:1 --placement hero --to "$url"
    server_end
    # With room again all that was acknowledged is there, and it goes on.
    server_begin
    for ((n = 1000; n <= last; n++)); do
        does person "crm:$n" --to "$url"
        [ "$(grep -c page_view <<<"$stdout")" -eq 1 ] || told
    done
    record "$((last + 1))"
    [ "$status" -eq 0 ] || told
}

@test "a folder that cannot be written" {
    chmod 500 db && chmod 400 db/*
    humble "$tact" serve --db db --listen "ipc://$PWD/here.ipc" --http '' 2>stderr && return 1 || status=$?
    chmod 700 db && chmod 600 db/*
    [ "$status" -eq 3 ] && grep -q 'check its owner and its permissions' stderr
}

@test "a folder that cannot be made, and a log of decisions where nothing may be written" {
    mkdir closed && chmod 500 closed
    humble "$tact" serve --db closed/db --listen "ipc://$PWD/here.ipc" --http '' 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'closed/db' stderr
    humble "$tact" serve --db db --decision-log closed/log --listen "ipc://$PWD/here.ipc" --http '' 2>stderr && return 1 || status=$?
    [ "$status" -eq 3 ] && grep -q 'closed/log' stderr
    [ -z "$(ls -A closed)" ]
    server_begin # which takes no part of it along
    does decide --person crm:1 --placement hero --to "$url"
}

@test "a folder that becomes read-only under a server" {
    local powers='--bounding-set=-all --inh-caps=-all'
    [ "$(id -u)" -eq 0 ] && powers="setpriv $powers" || powers=
    printf '#!/usr/bin/env bash\nexec %s %q "$@"\n' "$powers" "$tact" >program # the server is this process, to be told to end
    chmod +x program
    tact=$PWD/program server_begin
    record 1
    [ "$status" -eq 0 ] || told
    chmod 500 db && chmod 400 db/*
    humble touch db/more 2>/dev/null && return 1
    record 2 # its files are open
    [ "$status" -eq 0 ] || told
    server_end
    chmod 700 db && chmod 600 db/*
    server_begin
    does person crm:2 --to "$url"
    [ "$(grep -c page_view <<<"$stdout")" -eq 1 ] || told
}

@test "ten seconds of the soak" {
    TACT=$tact "$BATS_TEST_DIRNAME/../soak" 10 >out 2>&1 || { cat out; return 1; }
    [ "$(grep -c ' 0 errors' out)" -eq 5 ]
    tail -n 1 out | grep -q '^soak: well: 10 s, no errors'
}
