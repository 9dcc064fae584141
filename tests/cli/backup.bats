#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact backup: a copy that is checked, and what --check says of one that was changed.

load store
setup() { store_setup; }

@test "help" { helps backup; }

@test "a backup is made, and checked" {
    store_fill
    does backup --db db --to copy
    [[ $stdout =~ ^backup\ {4}copy$'\n'bytes\ {5}[0-9,]+$'\n'time\ {6}20[0-9-]+T[0-9:.]+Z$'\n'checksum\ {2}[0-9a-f]{64}$ ]] || told
    local made=$stdout
    does backup --check copy
    [ "$stdout" = "${made/#backup/intact}" ] || told
    does fsck --db copy
    does person crm:4711 --db copy
    says 'tier'
}

@test "while another process writes" {
    store_fill
    flock db/writer.lock "$tact" backup --db db --to copy
    does backup --check copy
}

@test "an altered or incomplete backup is found" {
    store_fill
    does backup --db db --to copy
    cp -r copy cut && chmod -R u+w cut && truncate -s -4096 cut/data.mdb
    t backup --check cut
    [ "$status" -eq 1 ] && [[ $stderr == 'tact: cut: '* ]] || told
    chmod -R u+w copy
    printf x | dd of=copy/data.mdb bs=1 seek=9000 conv=notrunc status=none
    fails 1 'tact: copy: its data.mdb was altered; do not use this backup, take another' backup --check copy
    rm copy/backup.txt
    fails 3 'tact: copy: there is no backup: no backup.txt; check the path' backup --check copy
}

@test "mistakes" {
    common_mistakes no backup --to copy
    fails 2 'tact: `--to DIR` is needed; usage: tact backup --db DIR --to DIR | tact backup --check DIR' backup --db db
    fails 2 'tact: `--check` goes with neither `--db` nor `--to`' backup --db db --check copy
    mkdir there && touch there/something
    fails 1 'tact: there: making it: there is something already; name a folder that does not exist yet' \
        backup --db db --to there
    local to
    for to in db/copy db/copy/ "$PWD/db/copy" there/../db/copy; do
        fails 2 "tact: \`--to $to\` lies within the store's own folder; a backup belongs elsewhere" backup --db db --to "$to"
        [ ! -e db/copy ]
    done
    fails 3 'tact: no/copy.partial: making it: there is no such file or folder; check the path' backup --db db --to no/copy
}

@test "what was erased is in no backup" {
    store_fill
    local long=$(printf 'remember-%.0s' {1..200}) # a record that takes pages of its own, and one that does not
    does record "[{\"set\": {\"first_name\": \"$long\", \"tier\": \"$long\"}, \"person\": {\"crm\": \"remember-me\"}},
        {\"set\": {\"tier\": \"remember-this\"}, \"person\": {\"email\": \"remember@example.com\"}},
        {\"event\": \"page_view\", \"properties\": {\"category\": \"remember-shoes\"}, \"person\": {\"crm\": \"remember-me\"}}]" --db db
    does backup --db db --to before
    grep -q remember before/data.mdb
    does erase crm:remember-me --db db --yes
    does erase email:remember@example.com --db db --yes
    does backup --db db --to after
    ! grep -q remember after/data.mdb
    does fsck --db after
    does restore --from after --db again
    ! grep -q remember again/data.mdb
    does person crm:4711 --db again
}
