#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The program's own words: help, version, and what it says of a command line that is wrong.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    tact=${TACT:-build/tact}
}

@test "--help lists every command" {
    run "$tact" --help
    [ "$status" -eq 0 ]
    [[ $output == *"usage: tact COMMAND"* ]]
    for name in $(sed -n 's/^X(\([a-z]*\),.*/\1/p' src/cli/cmd_tbl.h); do [[ $output == *"  $name "* ]]; done
}

@test "help is --help" {
    [ "$("$tact" help)" = "$("$tact" --help)" ]
}

@test "--version" {
    run "$tact" --version
    [ "$status" -eq 0 ]
    [[ $output =~ ^tact\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "without a command: help on stderr, exit 2" {
    run "$tact"
    [ "$status" -eq 2 ]
    [[ $output == *"usage: tact COMMAND"* ]]
    [ -z "$("$tact" 2>/dev/null)" ]
}

@test "an unknown command suggests the nearest" {
    run "$tact" exp
    [ "$status" -eq 2 ]
    [ "$output" = 'tact: unknown command `exp`; did you mean `expr`?' ]
}

@test "an unknown command far from all" {
    run "$tact" frobnicate
    [ "$status" -eq 2 ]
    [ "$output" = 'tact: unknown command `frobnicate`; `tact --help` lists them' ]
}

@test "a command's --help lists its options" {
    run "$tact" expr --help
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "usage: tact expr EXPRESSION"* ]]
    for option in vars file json tokens ast types code cost trace functions help; do
        grep -qE "^  --$option( |$)" <<<"$output"
    done
}

@test "output that cannot be written is a failure" {
    [ -e /dev/full ] || skip "there is no /dev/full"
    run bash -c '"$1" expr 1 >/dev/full' - "$tact"
    [ "$status" -eq 3 ]
    [ "$output" = "tact: standard output cannot be written" ]
    run bash -c '"$1" --help >/dev/full' - "$tact"
    [ "$status" -eq 3 ]
    run bash -c '"$1" fsck --help >/dev/full' - "$tact"
    [ "$status" -eq 3 ]
}
