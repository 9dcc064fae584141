#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Other programs that speak REQ are understood: NNG's own nngcat, and nanomsg's nanocat, whose code is another one. Their
# messages are bytes of MessagePack, written by hand.

load store
load rules
load server
setup() {
    store_setup && rules_shop && store_fill
    does publish shop --db db
    server_begin --listen tcp://127.0.0.1:0
    tcp=$(sed -n 's|.*msg=listening url=\(tcp://.*\)|\1|p' log)
    printf '\x83\xa2op\xa6decide\xaaplacements\x91\xa4hero\xa6person\x81\xa3crm\xa44711' >decide
    printf '\x82\xa2op\xa6record\xa8commands\x91\x82\xa3set\x81\xa7recency\x0b\xa6person\x81\xa3crm\xa44711' >record
}
teardown() { server_end; }

# asks PROGRAM URL FILE: puts the reply into `reply`, as it came.
asks() {
    case $1 in
    nngcat) timeout 20 nngcat --req --dial "$2" --file "$3" --raw >reply ;;
    nanocat) timeout 20 nanocat --req --connect "$2" --file "$3" --raw --recv-timeout 10 >reply ;;
    esac
}
# has BYTES: they are in the reply.
has() { LC_ALL=C grep -qaF "$(printf "$1")" reply || { od -c reply && return 1; }; }

both() {
    asks "$1" "$2" decide
    has '\xa2ok\xc3'
    has '\xa6bundle\xa6shop@1'
    has '\xa5offer\xa5plain'
    has '\xa5title\xa7Welcome'
    asks "$1" "$2" record
    has '\xa2ok\xc3'
    does person crm:4711 --db db
    says '11'
    printf '\x81\xa2op\xa5hello' >wrong
    asks "$1" "$2" wrong
    has '\xa2ok\xc2'
    has '\xa4code\xb1unknown_operation'
    head -c 100 /dev/urandom >noise
    printf '\xc1' | cat - noise >wrong # a byte that no MessagePack begins with
    asks "$1" "$2" wrong
    has '\xa4code\xa9malformed'
    asks "$1" "$2" decide # and goes on
    has '\xa5title\xa7Welcome'
}

@test "nngcat, over a Unix socket" { both nngcat "$url"; }
@test "nngcat, over TCP" { both nngcat "$tcp"; }
@test "nanocat, over a Unix socket" { both nanocat "$url"; }
@test "nanocat, over TCP" { both nanocat "$tcp"; }
