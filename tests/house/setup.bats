#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tests/setup on machines that lack things, played by a PATH with commands of our own.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    there=$BATS_TEST_TMPDIR/bin
    mkdir -p "$there"
    for command in bash awk sort grep cat id dirname cmp env; do ln -s "$(command -v $command)" "$there/$command"; done
}

# fake COMMAND: one that notes its arguments.
fake() {
    printf '#!%s\necho "%s $*" >>"%s/log"\n' "$(command -v bash)" "$1" "$there" >"$there/$1"
    chmod +x "$there/$1"
}

# id -u says 1000.
as_user() {
    rm "$there/id"
    printf '#!%s\necho 1000\n' "$(command -v bash)" >"$there/id"
    chmod +x "$there/id"
}

@test "where nothing is missing, nothing is done" {
    fake apt-get
    fake npm
    fake sudo
    run env PATH="$there:$PATH" tests/setup build test
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ ! -e "$there/log" ]
}

@test "root installs the packages that are missing, by name" {
    fake apt-get
    [ "$(id -u)" -eq 0 ] || skip "not root"
    run env PATH="$there" tests/setup build
    [ "$status" -eq 0 ]
    grep -q 'apt-get -q update' "$there/log"
    grep -qE 'apt-get .* install .*\bgcc g\+\+ binutils libc6-dev libre2-dev libcctz-dev libjansson-dev\b' "$there/log"
    ! grep -q bats "$there/log"
}

@test "a user installs them with sudo" {
    as_user
    fake sudo
    fake apt-get
    run env PATH="$there" tests/setup build
    [ "$status" -eq 0 ]
    grep -qE 'sudo env DEBIAN_FRONTEND=noninteractive apt-get .* install' "$there/log"
}

@test "a user without sudo is told what is missing" {
    as_user
    fake apt-get
    run env PATH="$there" tests/setup build
    [ "$status" -eq 1 ]
    [[ $output == *'only root or sudo can install them: gcc g++'* ]]
    [ ! -e "$there/log" ]
}

@test "where there is no apt-get, it says what is missing" {
    run env PATH="$there" tests/setup build
    [ "$status" -eq 1 ]
    [[ $output == *'not a Debian machine'*'gcc g++'* ]]
}
