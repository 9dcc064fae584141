#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What is built and installed: the libraries show tact_* and nothing else, and a program of somebody else's finds
# everything by pkg-config.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    built=${TACT_BUILD:-build/release}
    root=$BATS_TEST_TMPDIR/root
    program=$BATS_TEST_TMPDIR/program
}

# The names that nm lists, but those that begin with tact_.
strangers() { nm -P -g --defined-only "$@" | awk 'NF > 1 && $1 !~ /^tact_/ { print $1 }'; }

# An embedder's program, which has an arena_alloc of its own.
write_program() {
    cat >"$program.c" <<'END'
#include <stdio.h>
#include <tact/cel.h>

void *arena_alloc(void) { return NULL; }

int main(void) {
    tact_cel_env *env = tact_cel_env_new(NULL);
    tact_arena *arena = tact_arena_new(0);
    const char *text = "'caf\u00e9'.matches('^ca.*') && timestamp('2026-07-01T12:00:00Z').getHours('Europe/Berlin') == 14";
    tact_cel_result compiled = tact_cel_compile(env, tact_str_from(text), NULL, arena);
    if (!compiled.program) return puts(tact_cel_report(&compiled, arena).ptr), 1;
    tact_cel_input input = {.arena = arena};
    puts(tact_value_print(tact_cel_eval(compiled.program, &input), arena).ptr);
    tact_arena_free(arena);
    tact_cel_env_free(env);
    return arena_alloc() != NULL;
}
END
}

install_there() { make --no-print-directory install DESTDIR="$root" PREFIX=/usr >/dev/null; }

# pkg_config ARGUMENT...: as if the root were installed.
pkg_config() { PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" tact; }

@test "libtact.so shows tact_* only" {
    [ "$(nm -D --defined-only "$built/libtact.so" | grep -c ' tact_')" -ge 30 ]
    [ -z "$(strangers -D "$built/libtact.so")" ]
}

@test "libtact.a shows tact_* only" {
    [ "$(nm -g --defined-only "$built/libtact.a" | grep -c ' tact_')" -ge 30 ]
    [ -z "$(strangers "$built/libtact.a")" ]
}

@test "both libraries show the same names, and the headers declare every one" {
    shared=$(nm -P -D --defined-only "$built/libtact.so" | awk '{ print $1 }' | sort)
    static=$(nm -P -g --defined-only "$built/libtact.a" | awk 'NF > 1 { print $1 }' | sort)
    [ "$shared" = "$static" ]
    for name in $shared; do grep -qE "\b$name[(;]" include/tact/*.h; done
}

@test "libtact.so names its version" {
    readelf -d "$built/libtact.so" | grep -qE 'SONAME.*\[libtact\.so\.[0-9]+\]'
}

@test "the program is hardened" {
    readelf -h "$built/tact" | grep -q 'DYN (Position-Independent Executable'
    readelf -d "$built/tact" | grep -q BIND_NOW
    readelf -lW "$built/tact" | grep -q GNU_RELRO
    readelf -lW "$built/tact" | grep -qE 'GNU_STACK.* RW +0x'
}

@test "an installed tact is found by pkg-config and links, shared" {
    install_there
    write_program
    ${CC:-cc} -Wall -Werror "$program.c" -o "$program" $(pkg_config --cflags --libs)
    [ "$(LD_LIBRARY_PATH=$root/usr/lib "$program")" = true ]
    readelf -d "$program" | grep -q 'libtact\.so'
}

@test "an installed tact is found by pkg-config and links, static" {
    install_there
    write_program
    rm "$root"/usr/lib/libtact.so*
    ${CC:-cc} -Wall -Werror "$program.c" -o "$program" $(pkg_config --static --cflags --libs)
    [ "$("$program")" = true ]
    run readelf -d "$program"
    [[ $output != *libtact* ]]
}

@test "every public header compiles on its own, in C and in C++" {
    for header in include/tact/*.h; do
        [[ $header == *_tbl.h ]] && continue
        echo "#include \"${header#include/}\"" >"$program.c"
        cp "$program.c" "$program.cc"
        gcc -std=c11 -Wall -Wextra -pedantic -Werror -Iinclude -fsyntax-only "$program.c"
        g++ -std=c++17 -Wall -Wextra -Werror -Iinclude -fsyntax-only "$program.cc"
    done
}

@test "install puts the version everywhere, uninstall leaves nothing" {
    install_there
    version=$("$root/usr/bin/tact" --version)
    [ "tact $(pkg_config --modversion)" = "$version" ]
    [ -f "$root/usr/share/doc/tact/README.md" ]
    make --no-print-directory uninstall DESTDIR="$root" PREFIX=/usr >/dev/null
    [ -z "$(find "$root" ! -type d)" ]
}

@test "make help lists every target for people" {
    run make --no-print-directory help
    [ "$status" -eq 0 ]
    for target in all install uninstall test check fuzz bench demo format clean help; do
        grep -qE "^  make $target " <<<"$output"
    done
}

@test "an unknown MODE is refused" {
    run make MODE=fast
    [ "$status" -ne 0 ]
    [[ $output == *'MODE=fast is none of release debug asan tsan fuzz cov'* ]]
}
