// SPDX-License-Identifier: Apache-2.0
//
// Rows of CSV as RFC 4180 and wire/csv.h have them. Every text is read in pieces of several sizes, and must come to the
// same rows. What was read is shown as "line [field|field]", a faulty row as "line ! reason {row}",
// with "!!" where {row} is only its beginning.
#include "wire/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"

typedef struct piecewise { // a source
    tact_str text;
    size_t at, piece;
    size_t fail_at; // the source fails there; 0: nowhere
} piecewise;

static ptrdiff_t give(void *context, char *to, size_t room, tact_error *error) {
    piecewise *p = context;
    if (p->fail_at && p->at >= p->fail_at) return err_set(error, TACT_IO, "the disk is gone"), -1;
    size_t len = p->text.len - p->at;
    if (len > p->piece) len = p->piece;
    if (len > room) len = room;
    memcpy(to, p->text.ptr + p->at, len);
    p->at += len;
    return (ptrdiff_t)len;
}

typedef tact_err next(csv_reader *r, csv_row *row, tact_error *error);

static void show_row(buf *out, const csv_row *row, next *read) {
    buf_printf(out, "%d [", (int)row->line);
    for (uint32_t i = 0; i < row->fields_count; i++) {
        if (i) buf_add_char(out, '|');
        buf_add_str(out, row->fields[i].text);
    }
    if (read == csv_next_line) buf_add_str(out, row->raw);
    buf_add_text(out, "]\n");
}

static tact_str read_all(arena *a, piecewise *p, const csv_options *options, next *read) {
    csv_reader r;
    csv_row row;
    tact_error error;
    tact_err err;
    buf out = buf_in(a);
    assert_int_equal(csv_open(&r, a, give, p, options), TACT_OK);
    for (;;) {
        err = read(&r, &row, &error);
        if (err && err != TACT_INVALID && err != TACT_LIMIT) break;
        if (err) {
            buf_printf(&out, "%d %s %s {", (int)row.line, err == TACT_LIMIT ? "!!" : "!", error.text);
            buf_add_str(&out, row.raw);
            buf_add_text(&out, "}\n");
        } else {
            show_row(&out, &row, read);
        }
    }
    if (err == TACT_NOT_FOUND) {
        assert_int_equal(csv_bytes(&r), p->text.len);
    } else {
        buf_printf(&out, "%s: %s\n", tact_err_name(err), error.text);
    }
    buf_add_char(&out, '\0');
    return buf_done(&out);
}

static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 5, 17};

static void reads_as(next *read, tact_str text, const csv_options *options, const char *wanted) {
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        arena a;
        arena_init(&a, 0);
        piecewise p = {text, 0, pieces[i], 0};
        tact_str got = read_all(&a, &p, options, read);
        if (strcmp(got.ptr, wanted) != 0) fail_msg("in pieces of %zu:\n%s\nwanted:\n%s", pieces[i], got.ptr, wanted);
        arena_fini(&a);
    }
}

#define READS(text, wanted) reads_as(csv_next, TACT_STR(text), NULL, wanted)

static void test_rows(void **state) {
    (void)state;
    READS("", "");
    READS("a", "1 [a]\n");
    READS("a,b,c\n", "1 [a|b|c]\n");
    READS("a,b\n1,2\n", "1 [a|b]\n2 [1|2]\n");
    READS("a,b\r\n1,2\r\n", "1 [a|b]\n2 [1|2]\n");
    READS("a,b\r1,2\r", "1 [a|b]\n2 [1|2]\n");
    READS("a,b\n1,2", "1 [a|b]\n2 [1|2]\n");
    READS(",\n,,\n", "1 [|]\n2 [||]\n");
    READS("a,", "1 [a|]\n");
    READS(" a , b \n", "1 [ a | b ]\n"); // blanks are part of a field
    READS("ä,日本\n", "1 [ä|日本]\n");
}

static void test_quotes(void **state) {
    (void)state;
    READS("\"a\",\"b\"\n", "1 [a|b]\n");
    READS("\"\",\"\"\n", "1 [|]\n");
    READS("\"a,b\",c\n", "1 [a,b|c]\n");
    READS("\"a\"\"b\",\"\"\"\",\"\"\"\"\"\"\n", "1 [a\"b|\"|\"\"]\n");
    READS("\"a\"\"b\"\"c\",\"d\"\"\"", "1 [a\"b\"c|d\"]\n");
    READS("\"a\nb\",c\nd,e\n", "1 [a\nb|c]\n3 [d|e]\n");
    READS("\"a\r\nb\n\rc\",x\r\nd,e\r\n", "1 [a\r\nb\n\rc|x]\n5 [d|e]\n");
    READS("x,\"a\"", "1 [x|a]\n");
}

static void test_empty_lines(void **state) {
    (void)state;
    READS("\n\na\n\n\nb\n\n", "3 [a]\n6 [b]\n");
    READS("\r\n\r\na\r\n\r\nb", "3 [a]\n5 [b]\n");
    READS("\r\ra\r\rb", "3 [a]\n5 [b]\n");
    READS("\n", "");
    READS("\"\"\n", "1 []\n"); // a field that is empty, and no empty line
}

static void test_marks(void **state) {
    (void)state;
    READS("\xef\xbb\xbf"
          "a,b\n",
          "1 [a|b]\n");
    READS("\xef\xbb\xbf\"a\",b\n", "1 [a|b]\n");
    READS("\xef\xbb\xbf", "");
    READS("\xff\xfe"
          "a\0,\0",
          "syntax: it is UTF-16; save it as UTF-8\n");
    READS("\xfe\xff\0a\0,", "syntax: it is UTF-16; save it as UTF-8\n");
    READS("PK\x03\x04zip", "syntax: it is a workbook or another zip file; save it as CSV in UTF-8\n");
    READS("\x1f\x8b\x08", "syntax: it is compressed; let `gunzip -c` write it to standard input\n");
    READS("a,\xef\xbb\xbf\n", "1 [a|\xef\xbb\xbf]\n"); // a mark that is none
}

// A faulty row does no harm to those behind it.
static void test_faults(void **state) {
    (void)state;
    READS("a\0b\nc\n", "1 ! it holds a zero byte {a");
    READS("a,\xff\nc,d\n", "1 ! it is not UTF-8 {a,\xff}\n2 [c|d]\n");
    READS("a,\xc3\nc,d\n", "1 ! it is not UTF-8 {a,\xc3}\n2 [c|d]\n"); // the line end is no part of a character
    READS("a,b\"c\nd,e\n",
          "1 ! a quote within a field that is not quoted; quote the field, and write the quote twice {a,b\"c}\n"
          "2 [d|e]\n");
    READS("a, \"b\"\nd,e\n",
          "1 ! a quote within a field that is not quoted; quote the field, and write the quote twice {a, \"b\"}\n"
          "2 [d|e]\n");
    READS("a,\"b\"c\nd,e\n", "1 ! field 2: text behind the quote that closes it {a,\"b\"c}\n2 [d|e]\n");
    READS("a,\"b\nd,e\n", "1 ! field 2: a quote is opened and not closed {a,\"b}\n2 [d|e]\n");
    READS("a,\"b\"\"\nd,e", "1 ! field 2: a quote is opened and not closed {a,\"b\"\"}\n2 [d|e]\n");
    READS("a,\"", "1 ! field 2: a quote is opened and not closed {a,\"}\n");
    READS("a,\"b\r\nd,e\r\n", "1 ! field 2: a quote is opened and not closed {a,\"b}\n2 [d|e]\n");
}

// A stray quote is closed by the next one, many lines on; it costs its own line only.
static void test_stray_quote(void **state) {
    (void)state;
    READS("1,\"a\n2,b\n3,c\n4,\"d\"\n5,e\n",
          "1 ! field 2: a quote is opened and not closed {1,\"a}\n2 [2|b]\n3 [3|c]\n4 [4|d]\n5 [5|e]\n");
}

static void test_columns(void **state) {
    (void)state;
    const csv_options two = {.columns = 2};
    reads_as(csv_next, TACT_STR("a,b\n1\n1,2,3\nc,d\n"), &two,
             "1 [a|b]\n2 ! 1 fields where 2 are expected {1}\n"
             "3 ! 3 fields where 2 are expected; a field that holds a separator must be quoted {1,2,3}\n4 [c|d]\n");
}

static void test_separator(void **state) {
    (void)state;
    const csv_options semicolon = {.separator = ';'}, tab = {.separator = '\t'};
    reads_as(csv_next, TACT_STR("a,1;\"b;\";c\n"), &semicolon, "1 [a,1|b;|c]\n");
    reads_as(csv_next, TACT_STR("a,1\tb\t\"c\td\"\n"), &tab, "1 [a,1|b|c\td]\n");
}

static void test_too_long(void **state) {
    (void)state;
    const csv_options ten = {.row_max = 10};
    reads_as(csv_next, TACT_STR("123456789x\nab\n"), &ten, "1 [123456789x]\n2 [ab]\n");
    reads_as(csv_next, TACT_STR("123456789xy\nab\n"), &ten, "1 !! longer than 10 bytes {123456789x}\n2 [ab]\n");
    reads_as(csv_next, TACT_STR("123456789xy"), &ten, "1 !! longer than 10 bytes {123456789x}\n");
    reads_as(csv_next, TACT_STR("123456789xyz and more and more\r\nab"), &ten,
             "1 !! longer than 10 bytes {123456789x}\n2 [ab]\n");
    // Of a row with line ends within, only the first line.
    reads_as(csv_next, TACT_STR("\"1\n3456789xyz\"\nab\n"), &ten,
             "1 ! field 1: a quote is opened and not closed {\"1}\n2 !! longer than 10 bytes {3456789xyz}\n3 [ab]\n");
    reads_as(csv_next, TACT_STR("\"1\n3456\",a\nab\n"), &ten, "1 [1\n3456|a]\n3 [ab]\n");
    reads_as(csv_next, TACT_STR("\"1\n34567\",abc\nab\n"), &ten,
             "1 !! longer than 10 bytes {\"1}\n"
             "2 ! a quote within a field that is not quoted; quote the field, and write the quote twice {34567\",abc}\n"
             "3 [ab]\n");
}

static void test_too_many_fields(void **state) {
    (void)state;
    char text[CSV_FIELDS_MAX + 8];
    memset(text, ',', CSV_FIELDS_MAX); // one field more than there are commas
    memcpy(text + CSV_FIELDS_MAX, "\na,b\n", 6);
    arena a;
    arena_init(&a, 0);
    piecewise p = {tact_str_from(text), 0, SIZE_MAX, 0};
    tact_str got = read_all(&a, &p, NULL, csv_next);
    assert_memory_equal(got.ptr, "1 ! more than 4096 fields {,", 28);
    assert_string_equal(got.ptr + got.len - 11, "}\n2 [a|b]\n");
    p = (piecewise){tact_str_from(text + 1), 0, SIZE_MAX, 0};
    got = read_all(&a, &p, NULL, csv_next);
    assert_memory_equal(got.ptr, "1 [|||", 6);
    arena_fini(&a);
}

static void test_places(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    piecewise p = {TACT_STR("ab,\"c\"\"d\",\"\",e\nf,\"g\"h,i\nj,\"\n"), 0, SIZE_MAX, 0};
    csv_reader r;
    csv_row row;
    tact_error error;
    assert_int_equal(csv_open(&r, &a, give, &p, NULL), TACT_OK);
    assert_int_equal(csv_next(&r, &row, &error), TACT_OK);
    assert_int_equal(row.fields_count, 4);
    static const size_t wanted[] = {0, 3, 10, 13, 14}; // the last is where they end
    for (int i = 0; i < 5; i++) assert_int_equal(row.fields[i].at, wanted[i]);
    for (int i = 0; i < 2; i++) { // both rows are faulty in their second field
        assert_int_equal(csv_next(&r, &row, &error), TACT_INVALID);
        assert_int_equal(row.fields_count, 1);
        assert_int_equal(row.fields[1].at, 2);
    }
    arena_fini(&a);
}

static void test_lines(void **state) {
    (void)state;
    const csv_options ten = {.row_max = 10};
    reads_as(csv_next_line, TACT_STR("{\"a\":1}\n\n{\"b\"\r\n}"), NULL, "1 [{\"a\":1}]\n3 [{\"b\"]\n4 [}]\n");
    reads_as(csv_next_line, TACT_STR("\xef\xbb\xbf{}\n\xff\nx"), NULL, "1 [{}]\n2 ! it is not UTF-8 {\xff}\n3 [x]\n");
    reads_as(csv_next_line, TACT_STR("123456789xy\nab\n"), &ten, "1 !! longer than 10 bytes {123456789x}\n2 [ab]\n");
    reads_as(csv_next_line, TACT_STR("123456789x\nab"), &ten, "1 [123456789x]\n2 [ab]\n");
}

static void test_source_fails(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    piecewise p = {TACT_STR("a,b\nc,d\n"), 0, 1, 6};
    // Of the row that was begun nothing is handed out: it may not be whole.
    assert_string_equal(read_all(&a, &p, NULL, csv_next).ptr, "1 [a|b]\nio: the disk is gone\n");
    p = (piecewise){TACT_STR("a,b\nc,d\n"), 0, 1, 1};
    assert_string_equal(read_all(&a, &p, NULL, csv_next).ptr, "io: the disk is gone\n");
    arena_fini(&a);
}

static void test_memory(void **state) {
    (void)state;
    csv_reader r;
    piecewise p = {TACT_STR("a"), 0, 1, 0};
    arena a;
    arena_init(&a, 4096);
    assert_int_equal(csv_open(&r, &a, give, &p, NULL), TACT_NO_MEMORY);
    arena_fini(&a);
    // Reading takes none.
    arena_init(&a, 0);
    assert_int_equal(csv_open(&r, &a, give, &p, NULL), TACT_OK);
    size_t used = tact_arena_used(&a);
    csv_row row;
    tact_error error;
    assert_int_equal(csv_next(&r, &row, &error), TACT_OK);
    assert_int_equal(tact_arena_used(&a), used);
    arena_fini(&a);
}

// ---- At random ------------------------------------------------------------------------------------------------------

static uint64_t draw(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static uint64_t first_seed(void) {
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

// What is written comes back, whatever stands in it.
static void test_written_rows_read(void **state) {
    (void)state;
    static const char *const parts[] = {"a", ",", "\"", "\n", "\r", "\r\n", " ", "ä", ";"};
    uint64_t seed = first_seed();
    for (int round = 0; round < 200; round++) {
        arena a;
        arena_init(&a, 0);
        buf text = buf_in(&a), wanted = buf_in(&a);
        int line = 1, rows = (int)(draw(&seed) % 5);
        for (int i = 0; i < rows; i++) {
            buf_printf(&wanted, "%d [", line);
            for (int j = (int)(draw(&seed) % 3); j >= 0; j--) {
                buf field = buf_in(&a);
                bool cr = false;
                for (int k = (int)(draw(&seed) % 6); k > 0; k--) {
                    const char *part = parts[draw(&seed) % (sizeof parts / sizeof *parts)];
                    line += (part[0] == '\n' && !cr) || part[0] == '\r';
                    cr = part[strlen(part) - 1] == '\r';
                    buf_add_text(&field, part);
                }
                tact_str f = buf_done(&field);
                csv_write(&text, f);
                buf_add_str(&wanted, f);
                if (j) {
                    buf_add_char(&text, ',');
                    buf_add_char(&wanted, '|');
                }
            }
            buf_add_text(&text, draw(&seed) % 2 ? "\n" : "\r\n");
            buf_add_text(&wanted, "]\n");
            line++;
        }
        buf_add_char(&wanted, '\0');
        reads_as(csv_next, buf_done(&text), NULL, buf_done(&wanted).ptr);
        arena_fini(&a);
    }
}

// Whatever the bytes are, rows do not depend on the pieces they come in, and every line is accounted for.
static void test_any_bytes(void **state) {
    (void)state;
    static const char letters[] = "ab,,\"\"\"\n\n\r\xff";
    uint64_t seed = first_seed();
    for (int round = 0; round < 1000; round++) {
        char bytes[40];
        size_t len = draw(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++) bytes[i] = letters[draw(&seed) % (sizeof letters - 1)];
        const csv_options options = {.row_max = 4 + draw(&seed) % 30, .columns = (uint32_t)(draw(&seed) % 3)};
        arena a;
        arena_init(&a, 0);
        piecewise p = {{bytes, len}, 0, SIZE_MAX, 0};
        const char *whole = read_all(&a, &p, &options, csv_next).ptr;
        reads_as(csv_next, (tact_str){bytes, len}, &options, whole);
        arena_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_empty_lines),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_stray_quote),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_separator),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_too_many_fields),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_source_fails),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_written_rows_read),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
