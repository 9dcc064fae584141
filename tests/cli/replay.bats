#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact replay: mistakes. What it does with a log is in tests/engine/replay_test.c, which makes one.

load store.bash

setup() {
    store_setup
    store_fill
}

@test "help, and mistakes on the command line" {
    helps replay
    fails 2 'tact: a file of a log is needed; usage: tact replay LOG... --db DIR [--json]' replay --db db
    t replay some.log
    [ "$status" -eq 2 ] && [[ $stderr == 'tact: `--db DIR` is needed; usage: '* ]] || told
    t replay nothing.log --db db
    [ "$status" -eq 3 ] && [[ $stderr == 'tact: nothing.log: '* ]] || told
    t replay nothing.log --db nowhere
    [ "$status" -eq 3 ] && [[ $stderr == 'tact: nowhere: '* ]] || told
    echo 'this is no log' >some.log
    t replay some.log --db db
    [ "$status" -eq 1 ] && [ "$stderr" = 'tact: some.log: byte 0: it is no log of decisions' ] || told
    [ "$stdout" = '0 the same, 0 otherwise, 0 cannot be repeated' ] || told
}
