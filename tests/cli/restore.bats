#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tact restore: a store as it was, never over another one, never from a backup that is not what it was.

load store
setup() { store_setup; }

@test "help" { helps restore; }

@test "what was backed up is there again" {
    store_fill
    does export crm:4711 --db db --now 2026-03-01T00:00:00Z
    local before=$stdout
    does backup --db db --to copy
    does erase crm:4711 --db db --yes
    mv db old
    does restore --from copy --db db
    [ "$stdout" = 'restored  db' ] || told
    does export crm:4711 --db db --now 2026-03-01T00:00:00Z
    [ "$stdout" = "$before" ] || told
    does record '{"set": {"recency": 4}, "person": {"crm": "4711"}}' --db db
    [ "$stdout" = 'position 4, person 1' ] || told
    does fsck --db db
}

@test "nothing is made of a backup that was altered" {
    store_fill
    does backup --db db --to copy
    chmod -R u+w copy
    printf x | dd of=copy/data.mdb bs=1 seek=9000 conv=notrunc status=none
    fails 1 'tact: copy: its data.mdb was altered; do not use this backup, take another' restore --from copy --db new
    [ ! -e new ] && [ ! -e new.partial ]
}

@test "mistakes" {
    fails 2 'tact: `--from DIR` is needed; usage: tact restore --from DIR --db DIR' restore
    fails 2 'tact: `--db DIR` is needed; usage: tact restore --from DIR --db DIR' restore --from copy
    fails 3 'tact: nowhere: there is no backup: no backup.txt; check the path' restore --from nowhere --db new
    store_fill
    does backup --db db --to copy
    fails 1 'tact: db: making it: there is something already; name a folder that does not exist yet' \
        restore --from copy --db db
    does person 1 --db db
    mkdir empty
    fails 1 'tact: empty: making it: there is something already; name a folder that does not exist yet' \
        restore --from copy --db empty
    ln -s nowhere link
    fails 1 'tact: link/: making it: there is something already; name a folder that does not exist yet' \
        restore --from copy --db link/
    rmdir empty
}
