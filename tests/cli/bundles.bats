#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact bundles: what was published.

load store
load rules
setup() { store_setup && rules_shop; }

@test "help" { helps bundles; }

@test "a list, the newest first" {
    store_fill
    does bundles --db db
    [ "$stdout" = 'no bundle was published yet' ] || told
    does publish shop --db db --author Anna --message "$(printf 'für den\nWinter')"
    alter 1.0 2.0
    does publish shop --db db --author Bert
    does bundles --db db
    [[ $stdout =~ ^\*\ \ shop@2\ \ 20[0-9-]+T[0-9:]+Z\ \ by\ Bert\ \ active\ since\ 20[0-9-]+T[0-9:]+Z$'\n'\ \ \ shop@1\ .*by\ Anna\ .*für\ den.*Winter$ ]] || told
    [ "$(wc -l <<<"$stdout")" -eq 2 ] || told
}

@test "as JSON" {
    does publish shop --db db --author Anna --message hello --skip-tests
    does bundles --db db --json
    [ "$(jq -r '.[0] | [.name, .version, .active, .author, .message, .tests_skipped, .signed_by] | map(tostring) | join(" ")' \
        <<<"$stdout")" = 'shop 1 true Anna hello true null' ] || told
}

@test "mistakes" { common_mistakes no bundles; }
