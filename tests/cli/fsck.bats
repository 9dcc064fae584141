#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact fsck: counts of a sound store, and the first fault of another.

load store
setup() { store_setup; }

@test "help" { helps fsck; }

@test "a sound store is counted" {
    store_fill
    does fsck --db db
    [[ $stdout =~ ^persons\ {5}2$'\n'identities\ {2}3$'\n'events\ {6}1$'\n'no\ faults,\ in\ [0-9]+\.[0-9]{3}\ s$ ]] || told
    does fsck --db db --json
    [[ $stdout =~ ^\{\"persons\":2,\"identities\":3,\"events\":1,\"took_ms\":[0-9]+\}$ ]] || told
}

@test "while another process writes" {
    store_fill
    flock db/writer.lock "$tact" fsck --db db
}

@test "a damaged one is not" {
    store_fill
    # The name that stands in the record and in the strand: one of them is changed.
    local at
    for at in $(grep -abo 'gold' db/data.mdb | cut -d: -f1); do
        cp -r db bad
        printf lead | dd of=bad/data.mdb bs=1 seek="$at" conv=notrunc status=none
        t fsck --db bad
        rm -r bad
        [ "$status" -ne 1 ] || return 0 # the others are of pages that are not used any more
    done
    told
}

@test "one that no process can read ends in words, whichever page is damaged" {
    [ "${MODE:-release}" = release ] || skip "sanitizers end the process before the system does"
    store_fill
    local page pages=$(($(stat -c %s db/data.mdb) / 4096)) unreadable=0
    for ((page = 2; page < pages; page++)); do
        rm -rf bad && cp -r db bad
        # Where LMDB's page says how many entries it has, and where they are.
        head -c 64 /dev/zero | tr '\0' '\377' | dd of=bad/data.mdb bs=1 seek=$((page * 4096 + 12)) conv=notrunc status=none
        t fsck --db bad
        [ "$status" -le 1 ] || [ "$status" -eq 3 ] || told
        [[ $stderr != *'bad: its files are damaged so that they cannot be read ('*'); restore a backup' ]] && continue
        [ "$status" -eq 1 ] && [ -z "$stdout" ] || told
        unreadable=$((unreadable + 1))
    done
    [ "$unreadable" -gt 0 ]
}

@test "mistakes" {
    common_mistakes no fsck
    fails 2 'tact: unexpected argument `db`; usage: tact fsck --db DIR' fsck db
}
