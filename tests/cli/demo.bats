#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# rules/sample/demo.sh, which `make demo` runs: all its steps are as they should be, it leaves nothing behind however it
# ends, and it fails when a step does.

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    tact=$(realpath "${TACT:-$root/build/tact}")
    export TMPDIR=$BATS_TEST_TMPDIR/tmp SYNTHETIC=1
    mkdir "$TMPDIR"
    cd "$BATS_TEST_TMPDIR"
}

@test "with synthetic customers, no terminal and no colours" {
    TACT=$tact run "$root/rules/sample/demo.sh" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *'2,000 SYNTHETIC'* && $output == *'first_steps'* && $output == *'p99.9'* ]]
    [[ $output != *$'\033'* && $output != *'this should have'* ]]
    [ -z "$(ls -A "$TMPDIR")" ]
}

@test "whoever stops it finds nothing left running" {
    TACT=$tact "$root/rules/sample/demo.sh" >said 2>&1 3>&- &
    demo=$!
    for ((tries = 0; tries < 3000; tries++)); do
        ! grep -qs 'msg=ready' said || break
        sleep 0.02
    done
    server=$(sed -n 's/.*msg=ready .*pid=//p' said)
    kill -0 "$server"
    kill "$demo"
    wait "$demo" && status=0 || status=$?
    [ "$status" -eq 143 ]
    ! kill -0 "$server" 2>/dev/null
    [ -z "$(ls -A "$TMPDIR")" ]
}

@test "a step that goes wrong fails it" {
    cat >tact <<SCRIPT
#!/bin/sh
[ "\$1" != decide ] || { echo nothing; exit 0; }
[ "\$1" != bench ] || { echo 'server p99.9 echo'; exit 0; }
exec "$tact" "\$@"
SCRIPT
    chmod +x tact
    TACT=$PWD/tact run "$root/rules/sample/demo.sh" 3>&-
    [ "$status" -eq 1 ]
    [[ $output == *'^ this should have shown: welcome_voucher'* && $output == *'some of this is not as it should be'* ]]
    [ -z "$(ls -A "$TMPDIR")" ]
}
