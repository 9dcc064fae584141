// SPDX-License-Identifier: Apache-2.0
//
// The tables once more, as JSON. Texts of the tables come as literals of C, which are literals of JSON as well.
#include "bundle/json_schema.h"

#include "bundle/draft.h"

enum { ONE, NAMED, LISTED, PLAIN, MAY = 0, MUST = 1 };
enum { DRAFT_NONE = -1, DRAFT_BOOL = -1, DRAFT_DOUBLE = -1 }; // kinds that are no section

typedef enum form_number {
#define X(NAME, check, words, json, what) FORM_##NAME,
#include "bundle/format_form_tbl.h"
#undef X
} form_number;

static const struct {
    const char *check, *words, *json;
} forms[] = {
#define X(NAME, check, words, json, what) {#check, words, json},
#include "bundle/format_form_tbl.h"
#undef X
};

static const struct {
    const char *key, *doc;
    int shape;
} sections[DRAFT_TABLES] = {
#define SECTION(NAME, key, shape, noun, example, doc) [DRAFT_##NAME] = {#key, #doc, shape},
#define PART(NAME, name, example, doc) [DRAFT_##NAME] = {#name, #doc, ONE},
#include "bundle/format_tbl.h"
};

static const struct {
    const char *key, *doc;
    int of, form, kind, need;
} keys[DRAFT_KEYS] = {
#define KEY(OF, NAME, key, form, kind, need, doc) {#key, #doc, DRAFT_##OF, FORM_##form, DRAFT_##kind, need},
#include "bundle/format_tbl.h"
};

static void write_words(buf *out, const char *words) {
    buf_add_text(out, "\"enum\": [");
    for (const char *word = words; *word;) {
        size_t len = strcspn(word, " ");
        buf_printf(out, "%s\"%.*s\"", word == words ? "" : ", ", (int)len, word);
        word += len + (word[len] == ' ');
    }
    buf_add_char(out, ']');
}

// What a key's value is, without the braces.
static void write_form(buf *out, int number, int kind) {
    const char *words = forms[number].words;
    if (*forms[number].json) {
        buf_add_text(out, forms[number].json);
        if (number == FORM_PARTS) {
            buf_printf(out, ", \"items\": {\"$ref\": \"#/definitions/%s\"}", sections[kind].key);
        }
    } else if (strcmp(forms[number].check, "WORDS") == 0) {
        buf_add_text(out, "\"anyOf\": [{");
        write_words(out, words);
        buf_add_text(out, "}, {\"type\": \"array\", \"items\": {");
        write_words(out, words);
        buf_add_text(out, "}}]");
    } else {
        write_words(out, words);
    }
}

// The keys of a section or part, as properties.
static void write_keys(buf *out, int of, const char *indent) {
    const char *comma = "";
    for (int i = 0; i < DRAFT_KEYS; i++) {
        if (keys[i].of != of) continue;
        buf_printf(out, "%s\n%s\"%s\": {\"description\": %s, ", comma, indent, keys[i].key, keys[i].doc);
        write_form(out, keys[i].form, keys[i].kind);
        buf_add_char(out, '}');
        comma = ",";
    }
}

static void write_required(buf *out, int of) {
    const char *before = ", \"required\": [";
    for (int i = 0; i < DRAFT_KEYS; i++) {
        if (keys[i].of != of || keys[i].need != MUST) continue;
        buf_printf(out, "%s\"%s\"", before, keys[i].key);
        before = ", ";
    }
    if (before[2] == '\0') buf_add_char(out, ']');
}

static void write_section(buf *out, int number) {
    const char *key = sections[number].key;
    buf_printf(out, ",\n    \"%s\": {\"description\": %s, ", key, sections[number].doc);
    switch (sections[number].shape) {
    case ONE: buf_printf(out, "\"allOf\": [{\"$ref\": \"#/definitions/%s\"}]", key); break;
    case NAMED:
        buf_printf(out, "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"$ref\": \"#/definitions/%s\"}",
                   key);
        break;
    case LISTED:
        buf_printf(out, "\"type\": [\"array\", \"null\"], \"items\": {\"$ref\": \"#/definitions/%s\"}", key);
        break;
    default: // PLAIN: its one key has no name
        buf_add_text(out, "\"type\": [\"object\", \"null\"], \"additionalProperties\": {");
        for (int i = 0; i < DRAFT_KEYS; i++) {
            if (keys[i].of == number) write_form(out, keys[i].form, keys[i].kind);
        }
        buf_add_char(out, '}');
    }
    buf_add_char(out, '}');
}

void json_schema_write(buf *out) {
    buf_add_text(out, "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
                      "  \"title\": \"A file of a bundle\",\n  \"type\": \"object\",\n"
                      "  \"additionalProperties\": false,\n  \"properties\": {");
    write_keys(out, DRAFT_BUNDLE, "    ");
    for (int i = DRAFT_BUNDLE + 1; i < DRAFT_SECTIONS; i++) write_section(out, i);
    buf_add_text(out, "\n  },\n  \"definitions\": {");
    const char *comma = "";
    for (int i = DRAFT_BUNDLE + 1; i < DRAFT_TABLES; i++) {
        if (sections[i].shape == PLAIN) continue;
        buf_printf(
            out,
            "%s\n    \"%s\": {\"type\": [\"object\", \"null\"], \"additionalProperties\": false, \"properties\": {",
            comma, sections[i].key);
        write_keys(out, i, "      ");
        buf_add_text(out, "\n    }");
        write_required(out, i);
        buf_add_char(out, '}');
        comma = ",";
    }
    buf_add_text(out, "\n  }\n}\n");
}
