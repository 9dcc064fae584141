#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# README.md is true: its commands work and print what it says.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    tact=${TACT:-build/tact}
}

@test "commands run" {
    count=0
    while read -r command; do
        bash -c "${command/build\/tact/"$tact"}" >/dev/null || { echo "$command"; false; }
        count=$((count + 1))
    done < <(sed -n 's/^    \(build\/tact .*\)/\1/p' README.md)
    [ "$count" -ge 4 ]
}

@test "a command with its output prints that output" {
    command=$(sed -n 's/^    \$ \(.*\)/\1/p' README.md)
    wanted=$(sed -n '/^    \$ /,/^$/p' README.md | sed '1d; s/^    //')
    [ "$(bash -c "${command/build\/tact/"$tact"}" 2>&1)" = "$wanted" ]
}

@test "targets that it names are there" {
    for target in $(grep -oE '\bmake [a-z]+' README.md | awk '{ print $2 }' | sort -u); do
        grep -qE "^$target:" Makefile || [[ $target == it || $target == its ]]
    done
}
