#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact new: a bundle that works from the start.

load store
setup() { store_setup; }

@test "help" { helps new; }

@test "what it makes is good, and can be published" {
    does new rules
    [ "$stdout" = 'rules: a bundle to start from; see what `tact check rules` says' ] || told
    does check rules
    [ "$stdout" = 'rules: good: 3 offers, 2 placements, 1 segment; 2 tests passed' ] || told
    [ -z "$stderr" ] || told
    does publish rules --db db
    says 'starter@1 is active'
    does show come_back --db db
}

@test "a disk that takes no more leaves no half of a bundle" {
    run bash -c 'trap "" XFSZ; ulimit -f 0; exec "$1" new rules' - "$tact"
    [ "$status" -eq 3 ] && [[ $output == *'File too large'* ]] || told
    [ ! -e rules ]
}

@test "nothing is written over" {
    mkdir mine && echo text >mine/bundle.yaml
    fails 1 'tact: mine: File exists' new mine
    [ "$(cat mine/bundle.yaml)" = text ]
    fails 3 'tact: no/such/folder: No such file or directory' new no/such/folder
    fails 2 "tact: a folder to make is needed; usage: $("$tact" new --help | sed -n '1s/^usage: //p')" new
}
