#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact token: tokens that are printed once, and files that have their hashes.

load store
setup() {
    tact=$(realpath "${TACT:-$BATS_TEST_DIRNAME/../../build/tact}")
    cd "$BATS_TEST_TMPDIR"
}

# The hash that the file must have for a token.
hash_of() { printf %s "$1" | b2sum -l 256 | cut -d' ' -f1; }

@test "help" { helps token; }

@test "a token and its line" {
    does token website --roles decide,record
    [[ $stdout =~ ^tact_[A-Za-z0-9_-]{43}$'\n'[0-9a-f]{64}\ \ website\ \ decide,record$ ]] || told
    token=${stdout%%$'\n'*}
    [[ $stdout == *$'\n'"$(hash_of "$token")  website"* ]] || told
    does token website --roles decide,record
    [ "${stdout%%$'\n'*}" != "$token" ]
}

@test "its line in a file, the token nowhere" {
    does token website --roles decide --append tokens
    first=$stdout
    [[ $first =~ ^tact_[A-Za-z0-9_-]{43}$ ]] || told
    printf '# by hand, without a newline at the end' >>tokens
    does token anna --roles publish --append tokens
    [ "$(cat tokens)" = "$(hash_of "$first")  website  decide
# by hand, without a newline at the end
$(hash_of "$stdout")  anna  publish" ]
    ! grep -q tact_ tokens
}

@test "mistakes" {
    usage=$("$tact" token --help | sed -n '1s/^usage: //p')
    fails 2 "tact: a name is needed; usage: $usage" token --roles decide
    fails 2 "tact: \`--roles ROLES\` is needed; usage: $usage" token website
    fails 2 'tact: there is no role `decied`; did you mean `decide`?' token website --roles record,decied
    fails 2 'tact: `a b` is no name: one has no blanks, and 1 to 64 bytes' token 'a b' --roles decide
    fails 3 'tact: no/tokens: No such file or directory' token website --roles decide --append no/tokens
    echo 'website decide' >tokens && cp tokens before
    fails 1 'tact: tokens:1: a line is a token'"'"'s hash (64 hexadecimal digits), a name, and roles; `tact token` makes it' \
        token website --roles decide --append tokens
    cmp tokens before
}
