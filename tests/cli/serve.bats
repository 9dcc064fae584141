#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact serve: the server as a process. What it answers is the business of tests/server; here are settings and where they
# come from, addresses, signals, and how it ends.

load store
setup() {
    tact=$(realpath "${TACT:-$BATS_TEST_DIRNAME/../../build/tact}")
    cd "$BATS_TEST_TMPDIR"
    server=
}
teardown() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
}

# wait_for TEXT: until the log has it. Gives up when the server has ended.
wait_for() {
    local tries
    for ((tries = 0; tries < 1500; tries++)); do
        ! grep -qsF -e "$1" log || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    echo "-- log" && cat log
    return 1
}

# serve ARGUMENT...: a server in the background that answers, on an address that nobody else has.
serve() {
    rm -f log # of an earlier one
    "$tact" serve --db db --listen ipc://here.ipc --http '' "$@" 2>log 3>&- &
    server=$!
    wait_for 'msg=ready'
}

# ends [SIGNAL]: the server does, with 0.
ends() {
    kill -"${1:-TERM}" "$server"
    wait "$server"
    status=$?
    server=
    [ "$status" -eq 0 ]
}

# ask REQUEST-IN-HEX [URL]: what the server answers, as bytes.
ask() { nngcat --req --raw --recv-timeout 10 --data "$(printf "$1")" --dial "${2:-ipc://here.ipc}"; }
status_op='\x81\xa2op\xa6status'

@test "help" {
    helps serve
    says '--tls-cert FILE'
    says '[tcp://127.0.0.1:7420]'
}

@test "it starts, answers, says where, and ends" {
    serve --listen tcp://127.0.0.1:0 --listen ws://127.0.0.1:0/tact
    grep -qE 'level=info msg=listening url=tcp://127\.0\.0\.1:[1-9][0-9]*$' log
    grep -qE 'msg=listening url=ws://127\.0\.0\.1:[1-9][0-9]*/tact$' log
    grep -qE 'msg=listening url=ipc://here\.ipc$' log
    grep -q 'msg="only this machine can ask' log
    grep -qE "msg=ready db=db took_ms=[0-9]+ pid=$server\$" log
    url=$(sed -n 's/.*url=\(tcp:.*\)/\1/p' log)
    [[ $(ask "$status_op" "$url" | tr -d '\0') == *ok* ]]
    [[ $(ask "$status_op" | tr -d '\0') == *position* ]]
    ends
    grep -q 'msg=ending signal=SIGTERM' log
    tail -n 1 log | grep -q 'msg=ended'
}

@test "a closed pipe and Ctrl-C" {
    # Job control gives background processes their SIGINT back.
    set -m
    serve
    set +m
    kill -PIPE "$server"
    [[ $(ask "$status_op" | tr -d '\0') == *position* ]]
    ends INT
    grep -q 'msg=ending signal=SIGINT' log
}

@test "one server a folder, one an address" {
    serve
    fails 3 'tact: db: another process writes to it; stop that one, or open it for reading only' \
        serve --db db --listen ipc://other.ipc --http ''
    fails 3 'tact: no/where: it cannot be made: the folder above it is not there, or takes no folder' \
        serve --db no/where --listen ipc://other.ipc --http ''
    t serve --db other --listen ipc://here.ipc --http ''
    [ "$status" -eq 3 ] && [[ $stderr == 'tact: ipc://here.ipc: another program listens there; stop it, or choose another path' ]] || told
    [[ $(ask "$status_op" | tr -d '\0') == *position* ]] # which took no harm
    ends
    # And after it has ended, the next may.
    serve
    ends
}

@test "killed, and started again" {
    serve
    kill -KILL "$server"
    wait "$server" || true
    serve
    ends
}

@test "settings that are wrong" {
    fails 2 'tact: no store is named: `--db DIR`, or `db = DIR` in the file' serve
    fails 2 'tact: unknown option `--qeue`; did you mean `--queue`?' serve --qeue 3
    fails 2 'tact: --queue: `many`: a whole number is wanted, as 250' serve --db db --queue many
    fails 2 'tact: --queue: it can be 0 to 1000000' serve --db db --queue 9999999999
    fails 2 'tact: --contexts: it can be 2 to 65536' serve --db db --contexts 1
    fails 2 'tact: --log-level: there is no level `wran`; did you mean `warn`?' serve --db db --log-level wran
    fails 2 'tact: --listen: `tpc://127.0.0.1:0`: there is no such kind of address; did you mean `tcp://`?' \
        serve --db db --listen tpc://127.0.0.1:0
    t serve --db db --listen tcp://0.0.0.0:0
    [ "$status" -eq 2 ] && [[ $stderr == *'is reached from other machines, and without tokens all may do all: make some'* ]] || told
    printf 'db = db\n\nqeue = 3\n' >tact.conf
    fails 2 'tact: tact.conf:3: there is no setting `qeue`; did you mean `queue`?' serve --config tact.conf
    fails 3 'tact: none.conf: No such file or directory' serve --config none.conf
    fails 3 'tact: none.tokens: No such file or directory' serve --db db --tokens none.tokens
    export TACT_QUEUE=many
    fails 2 'tact: TACT_QUEUE: `many`: a whole number is wanted, as 250' serve --db db
    [ ! -e db ]
}

@test "a file, over it the environment, over it the command line" {
    printf 'db = db\nlisten = ipc://file.ipc\nlog_level = debug\nhttp =\nlog = json\n' >tact.conf
    "$tact" serve --config tact.conf 2>log 3>&- &
    server=$!
    wait_for '"msg":"ready","db":"db"'
    grep -q '"url":"ipc://file.ipc"' log
    ends
    export TACT_LISTEN='ipc://a.ipc ipc://b.ipc' TACT_LOG=logfmt
    rm -f log
    "$tact" serve --config tact.conf 2>log 3>&- &
    server=$!
    wait_for 'msg=ready db=db'
    [ "$(sed -n 's/.*msg=listening url=//p' log | xargs)" = 'ipc://a.ipc ipc://b.ipc' ]
    ends
    rm -f log
    "$tact" serve --config tact.conf --db other --listen ipc://c.ipc --listen=ipc://d.ipc 2>log 3>&- &
    server=$!
    wait_for 'msg=ready db=other'
    [ "$(sed -n 's/.*msg=listening url=//p' log | xargs)" = 'ipc://c.ipc ipc://d.ipc' ]
    ends
}

@test "a variable that is misspelt is told of" {
    TACT_QEUE=5 TACT_TOKEN=secret TACT_TO=tcp://x:1 serve
    grep -q 'level=warn msg="a variable is not read, its name is nearly that of a setting" variable=TACT_QEUE setting=queue$' log
    [ "$(grep -c 'variable=' log)" -eq 1 ]
    ends
}

@test "who asks for another host over a WebSocket is answered only where all addresses are listened on" {
    "$tact" token desk --roles operate --append tokens >/dev/null
    serve --tokens tokens --listen ws://127.0.0.1:0 --listen ws://0.0.0.0:0
    [ "$(grep -c 'msg="browsers and proxies have to ask for this host; .*" host=127.0.0.1$' log)" -eq 1 ]
    port=$(sed -n 's/.*url=ws:\/\/127\.0\.0\.1:\([0-9]*\)$/\1/p' log)
    every=$(sed -n 's/.*url=ws:\/\/0\.0\.0\.0:\([0-9]*\)$/\1/p' log)
    # upgrade PORT HOST: the status of the reply.
    upgrade() {
        exec 5<>"/dev/tcp/127.0.0.1/$1"
        printf 'GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s\r\n%s\r\n%s\r\n\r\n' "$2" \
            'Sec-WebSocket-Version: 13' 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' \
            'Sec-WebSocket-Protocol: rep.sp.nanomsg.org' >&5
        read -r _ code _ <&5
        exec 5>&-
    }
    upgrade "$port" "127.0.0.1:$port" && [ "$code" = 101 ]
    upgrade "$port" tact.example.com && [ "$code" = 404 ]
    upgrade "$every" tact.example.com && [ "$code" = 101 ]
    upgrade "$every" localhost:7422 && [ "$code" = 101 ]
    ends
}

@test "the folder of the log of decisions is made, and is one server's" {
    serve --decision-log decisions
    [ -d decisions ]
    fails 3 'tact: decisions: another process writes its log of decisions there; each needs a folder of its own' \
        serve --db other --listen ipc://other.ipc --http '' --decision-log decisions
    ends
}

@test "the example of a file is one" {
    does serve --example
    [ "$(grep -c '^#[a-z_]* =' <<<"$stdout")" -ge 20 ]
    sed 's/^#\([a-z_]* =\)/\1/; s/^db =/& db/; s/^listen =.*/listen = ipc:\/\/here.ipc/; s/^http =.*/http =/' \
        <<<"$stdout" >tact.conf
    "$tact" serve --config tact.conf 2>log 3>&- &
    server=$!
    wait_for msg=ready
    ends
}

@test "tokens: who has none is refused, and a reload takes over which there are" {
    site=$("$tact" token website --roles decide --append tokens)
    desk=$("$tact" token desk --roles operate --append tokens)
    serve --tokens tokens
    with() { ask "\\x82\\xa2op\\xa6status\\xa4auth\\xd9\\x30$1" | tr -d '\0'; }
    [[ $(ask "$status_op" | tr -d '\0') == *forbidden* ]]
    [[ $(with "$site") == *forbidden* ]]
    [[ $(with "$desk") == *position* ]]
    # What is no file of tokens changes nothing.
    cp tokens good && echo 'desk operate' >>tokens
    kill -HUP "$server" && wait_for 'reload refused; all is as it was'
    grep -q 'why="tokens:3: a line is a token' log
    [[ $(with "$desk") == *position* ]]
    rm tokens
    kill -HUP "$server" && wait_for 'why="tokens: No such file or directory"'
    [[ $(with "$desk") == *position* ]]
    # Without its line the desk is out, and a new one is in.
    grep -v desk good >tokens
    new=$("$tact" token new --roles operate --append tokens)
    kill -HUP "$server" && wait_for 'msg=reloaded'
    [[ $(with "$desk") == *forbidden* ]]
    [[ $(with "$new") == *position* ]]
    ! grep -qe "$site" -e "$desk" -e "$new" log
    ends
}

@test "a reload of settings" {
    printf 'db = db\nlisten = ipc://here.ipc\nhttp =\n' >tact.conf
    "$tact" serve --config tact.conf 2>log 3>&- &
    server=$!
    wait_for msg=ready
    echo 'workers = 7' >>tact.conf && echo 'log = json' >>tact.conf
    kill -HUP "$server" && wait_for '"msg":"reloaded"'
    grep -q 'these settings need a new start","settings":"workers"' log
    echo 'qeue = 7' >>tact.conf
    kill -HUP "$server" && wait_for 'tact.conf:6: there is no setting `qeue`; did you mean `queue`?'
    ends
}

# hears N TEXT: until so many of the messages to systemd have a line that begins so.
hears() {
    local tries
    for ((tries = 0; tries < 1500; tries++)); do
        [ "$(grep -cs "^$2" told)" -lt "$1" ] || return 0
        sleep 0.02
    done
    cat told
    return 1
}

@test "it tells systemd" {
    perl -MIO::Socket::UNIX -e '
        $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "notify.sock") or die;
        $| = 1;
        print "listens\n";
        print $text while defined $s->recv($text, 4096)' >told 3>&- &
    ear=$!
    hears 1 listens
    NOTIFY_SOCKET=$PWD/notify.sock WATCHDOG_USEC=20000 serve
    hears 1 READY=1
    hears 2 WATCHDOG=1
    kill -HUP "$server" && hears 2 READY=1 # the reload is over
    ends
    hears 1 STOPPING=1
    kill "$ear"
    [ "$(grep -oE '^(READY|RELOADING|STOPPING|MONOTONIC_USEC)=' told | xargs)" = \
        'READY= RELOADING= MONOTONIC_USEC= READY= STOPPING=' ]
}
