#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# tests/tidy notices what it is there for: each test spoils one thing in a copy of the tree.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    export TIDY_ROOT=$BATS_TEST_TMPDIR/tree
    mkdir "$TIDY_ROOT"
    cp -r .ci .clang-format .editorconfig .gitignore Makefile README.md LICENSE bench clients docs include src rules \
        tests "$TIDY_ROOT"
}

# notices CHECK TEXT
notices() {
    run tests/tidy "$1"
    [ "$status" -eq 1 ] && [[ $output == *"$2"* ]] || { echo "$output"; return 1; }
}

# Puts LINE behind the first line of FILE.
add() { sed -i "1a $2" "$TIDY_ROOT/$1"; }

@test "the tree itself is as it should be" {
    run tests/tidy arrows words reach text length links
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "an include that points up" {
    add src/base/buf.c '#include "value/value.h"'
    notices arrows 'src/base/buf.c:2: base must not include value ("value/value.h")'
}

@test "cel includes wire" {
    add src/cel/vm.c '#include "wire/json.h"'
    notices arrows 'cel must not include wire'
}

@test "a public header that points up" {
    add src/value/value.c '#include "tact/cel.h"'
    notices arrows 'value must not include cel'
}

@test "a library that comes in by another door" {
    add src/cel/vm.c '#include <jansson.h>'
    notices arrows 'src/cel/vm.c:2: <jansson.h> has its door elsewhere'
}

@test "an include with ../" {
    add src/cel/vm.c '#include "../base/buf.h"'
    notices arrows 'never with ../'
}

@test "a module that is not in the table" {
    mkdir "$TIDY_ROOT/src/misc"
    echo '#include "base/buf.h"' >"$TIDY_ROOT/src/misc/misc.c"
    notices arrows 'module misc is in no row'
}

@test "memory that comes from elsewhere, and printing below the command line" {
    echo 'void *get(void) { return malloc(1); }' >>"$TIDY_ROOT/src/cel/vm.c"
    notices words 'belongs in src/base/arena.c'
    echo 'void say(void) { printf("x"); }' >>"$TIDY_ROOT/src/value/value.c"
    notices words 'belongs in src/cli/'
}

@test "files that nobody reaches" {
    echo '// SPDX' >"$TIDY_ROOT/src/base/lost.h"
    notices reach 'src/base/lost.h: no file includes this header'
    echo '// SPDX' >"$TIDY_ROOT/src/base/stray.c"
    notices reach 'src/base/stray.c: no header of its name, and no main'
    notices reach 'src/base/stray.c: no tests/base/stray_test.c'
}

@test "text: licence, blanks, line ends, length" {
    sed -i 1d "$TIDY_ROOT/src/base/buf.c"
    notices text 'src/base/buf.c:1: no SPDX line'
    echo 'int x; ' >>"$TIDY_ROOT/src/base/buf.c"
    notices text 'blanks at the end of the line'
    printf 'int x;' >>"$TIDY_ROOT/src/base/buf.h"
    notices text 'src/base/buf.h: no newline at the end'
    printf '// %0130d\n' 0 >>"$TIDY_ROOT/src/base/arena.c"
    notices text 'longer than 120 columns'
}

@test "a file that has grown too long" {
    yes '// more' | head -n 2000 >>"$TIDY_ROOT/src/base/buf.c"
    notices length 'src/base/buf.c'
}

@test "formatting" {
    command -v clang-format-14 >/dev/null || skip "there is no clang-format-14"
    echo 'int   x  ;' >>"$TIDY_ROOT/src/base/buf.c"
    notices format 'src/base/buf.c: not as clang-format has it'
}

@test "a link to nowhere, and a path that is not there" {
    echo '[gone](nowhere.md)' >>"$TIDY_ROOT/README.md"
    notices links 'nowhere.md is not there'
    echo 'See `src/cel/gone.c`.' >>"$TIDY_ROOT/docs/ARCHITECTURE.md"
    notices links 'src/cel/gone.c is not there'
}
