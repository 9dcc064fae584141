#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The bundles that ship, and the broken ones of the tests, through the program.

load store

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    store_setup
}

@test "rules/shop and rules/hillstrom are good, without a warning" {
    does check "$root/rules/shop"
    says 'shop: good: 24 offers, 4 placements, 8 segments; 15 tests'
    [ -z "$stderr" ] || told
    does check "$root/rules/hillstrom"
    says 'hillstrom: good: 3 offers, 1 placement, 0 segments; 5 tests'
    [ -z "$stderr" ] || told
}

@test "they can be published" {
    does publish "$root/rules/shop" --db shop.db --message 'the winter'
    says 'shop@1 is active: 24 offers, 4 placements'
    does publish "$root/rules/hillstrom" --db hillstrom.db
    says 'hillstrom@1 is active: 3 offers, 1 placement'
}

# What is said is looked at by tests/bundle/broken_test.c; here, that each ends as it must and leaves what is active alone.
@test "no broken bundle is published" {
    does publish "$root/rules/hillstrom" --db db
    count=0
    for report in "$root"/tests/bundle/broken/*.report; do
        bundle=${report%.report}
        if [ -f "$bundle.yaml" ]; then
            mkdir -p one && cp "$bundle.yaml" one/bundle.yaml
            bundle=one
        fi
        [ -d "$bundle" ] || continue # made by the other test
        grep -q '^0 errors' "$report" && continue
        count=$((count + 1))
        t publish "$bundle" --db db
        [[ $status =~ ^[13]$ && -z $stdout && $stderr == *'nothing was changed'* ]] || { echo "$report" && told; }
    done
    [ "$count" -ge 60 ]
    does bundles --db db
    [ "$(grep -c hillstrom <<<"$stdout")" = 1 ] && says 'hillstrom' || told
}
