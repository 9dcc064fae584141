# SPDX-License-Identifier: Apache-2.0
#
# What the tests of commands that ask a server share: one in the background, on an address that nobody else has. Loaded
# after `store`; teardown calls server_end.

# server_begin [OPTION]...: on the folder `db`, at $url, with the last lines of its log in `log`.
server_begin() {
    local tries
    rm -f log # of an earlier one
    url=ipc://$BATS_TEST_TMPDIR/here.ipc
    "$tact" serve --db db --listen "$url" --http '' "$@" 2>log 3>&- &
    server=$!
    for ((tries = 0; tries < 1500; tries++)); do
        ! grep -qsF 'msg=ready' log || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    cat log
    return 1
}

server_end() {
    [ -n "${server-}" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}
