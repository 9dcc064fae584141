#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The example at the top of include/tact/cel.h, word for word: it has ten lines, compiles without a warning, links to
# either library, and `lapsed` is true.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    [ "${MODE:-release}" = release ] || skip "only what ships"
    built=${TACT_BUILD:-build/release}
    program=$BATS_TEST_TMPDIR/program
}

example() { sed -n '\|^// @example|,\|^// @end|s|^//      ||p' include/tact/cel.h; }

compile() { # LINKER-ARGUMENT...
    {
        printf '#include <stdio.h>\n\n#include "tact/cel.h"\n\nint main(void) {\n'
        example
        printf 'return lapsed.kind == TACT_BOOL && lapsed.as.b ? 0 : 2;\n}\n'
    } >"$program.c"
    ${CC:-cc} -std=c11 -O1 -Wall -Wextra -Wshadow -Wconversion -Werror -Iinclude "$program.c" -o "$program" "$@"
}

# What a program that links the archive needs besides.
private_libs() { PKG_CONFIG_PATH=$built pkg-config --static --libs-only-l tact | sed 's/-ltact //'; }

@test "the example has ten lines" {
    [ "$(example | wc -l)" -eq 10 ]
}

@test "the example links the archive, and finds that somebody lapsed" {
    compile "$built/libtact.a" $(private_libs)
    "$program"
}

@test "the example links the shared library, and finds that somebody lapsed" {
    compile -L"$built" -ltact
    LD_LIBRARY_PATH=$built "$program"
}
