// SPDX-License-Identifier: Apache-2.0
//
// Opening a store for a command. Subtle: without a schema file a new store cannot be made, so a folder that is not
// there is a mistake in its name, and is found before the store would make it.
#include "cli/folder.h"

#include <errno.h>
#include <unistd.h>

#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"
#include "bundle/schema_file.h"
#include "cli/cli.h"
#include "cli/schema_change.h"

static int read_schema(cli_folder *f, const char *file, schema **out) {
    tact_str text, said;
    if (!cli_read_file(file, &f->memory, &text)) return CLI_USAGE;
    tact_err err = schema_file_read(&f->memory, tact_str_from(file), text, out, &said);
    if (!err) return CLI_OK;
    if (said.len) {
        cli_print_report(said);
    } else {
        cli_complain("%s: %s", file, tact_err_text(err));
    }
    return CLI_FAILED;
}

void folder_say(void *context, const char *text) {
    (void)context;
    cli_complain("%s", text);
}

// Folders are made one at a time. False after a complaint: what the folder is to be in is not there.
static bool check_parent(cli_folder *f, const char *path) {
    size_t len = strlen(path);
    while (len && path[len - 1] == '/') len--;
    while (len && path[len - 1] != '/') len--;
    while (len > 1 && path[len - 1] == '/') len--;
    const char *parent = len ? arena_copy(&f->memory, path, len) : ".";
    if (!parent) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return false;
    }
    if (access(parent, F_OK) == 0) return true;
    cli_complain("%s: %s; make it first, `%s` is made in it", parent, strerror(errno), path);
    return false;
}

// Lists what the schema that was refused, see store_open, would have changed.
static void explain_schema(cli_folder *f, const char *path, const schema *wanted) {
    store *s = NULL;
    schema *next = NULL;
    tact_error error;
    if (store_open(&f->memory, path, &(store_options){.db = {.read_only = true}}, &s, &error)) return;
    buf out = buf_in(&f->memory);
    if (!schema_evolve(&f->memory, store_schema(s), wanted, &next, &error)) {
        schema_change_add(&out, store_schema(s), next);
    }
    tact_str changes = buf_done(&out);
    if (changes.len) cli_complain("it would change the store's:");
    cli_print(stderr, changes);
    store_close(s);
}

int folder_open_with(cli_folder *f, const char *path, const char *schema_file, store_options options) {
    *f = (cli_folder){.store = NULL};
    arena_init(&f->memory, 0);
    if (!schema_file && access(path, F_OK) != 0) {
        cli_complain("%s: %s%s", path, strerror(errno), options.db.read_only ? "" : "; with --schema it would be made");
        return CLI_UNREACHABLE;
    }
    if (schema_file && !check_parent(f, path)) return CLI_UNREACHABLE;
    schema *wanted = NULL;
    int code = schema_file ? read_schema(f, schema_file, &wanted) : CLI_OK;
    if (code) return code;
    options.schema = wanted;
    options.notice.say = folder_say;
    tact_error error;
    tact_err err = store_open(&f->memory, path, &options, &f->store, &error);
    if (err) {
        f->store = NULL;
        cli_complain("%s", error.text);
        if (err != TACT_EXISTS) return CLI_UNREACHABLE;
        explain_schema(f, path, wanted);
        return CLI_FAILED;
    }
    return options.db.read_only ? folder_view(f) : CLI_OK;
}

int folder_open(cli_folder *f, const char *path, const char *schema_file, bool read_only) {
    return folder_open_with(f, path, schema_file, (store_options){.db = {.read_only = read_only}});
}

void folder_close(cli_folder *f) {
    folder_unview(f);
    store_close(f->store);
    arena_fini(&f->memory);
}

int folder_view(cli_folder *f) {
    tact_error error;
    folder_unview(f);
    if (store_reader_open(f->store, &f->reader, &error)) {
        cli_complain("%s", error.text);
        return CLI_UNREACHABLE;
    }
    f->reading = true;
    return CLI_OK;
}

void folder_unview(cli_folder *f) {
    if (f->reading) store_reader_close(&f->reader);
    f->reading = false;
}

// ---- Whom -----------------------------------------------------------------------------------------------------------

static void complain_namespace(const schema *s, tact_str name) {
    utf8_shown shown;
    near n = near_to(name);
    for (uint32_t i = 0; i < s->identities_count; i++) {
        if (!s->identities[i].retired) near_offer(&n, s->identities[i].name);
    }
    if (n.best.len) {
        cli_complain("unknown identity namespace `%s`; did you mean `%.*s`?", utf8_show(&shown, name), (int)n.best.len,
                     n.best.ptr);
    } else {
        cli_complain("unknown identity namespace `%s`; the schema has no identity of that name",
                     utf8_show(&shown, name));
    }
}

bool folder_identity(cli_folder *f, const char *text, command_identity *out) {
    utf8_shown shown;
    tact_str whole = tact_str_from(text);
    const char *colon = strchr(text, ':');
    if (!colon || !utf8_valid(whole.ptr, whole.len)) {
        cli_complain("`%s` is not an identity, which is written NAMESPACE:VALUE", utf8_show(&shown, whole));
        return false;
    }
    const schema *s = store_schema(f->store);
    tact_str name = {text, (size_t)(colon - text)};
    int32_t space = schema_number(s, SCHEMA_IDENTITY, name); // also a retired one: whoever it finds may be erased
    if (space < 0) {
        complain_namespace(s, name);
        return false;
    }
    tact_str value = schema_normalized(&f->memory, &s->identities[space], tact_str_from(colon + 1));
    if (!value.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    } else if (value.len == 0) {
        cli_complain("`%s`: its value is empty", utf8_show(&shown, whole));
    } else if (value.len > COMMAND_IDENTITY_MAX) {
        cli_complain("`%s`: its value is longer than %d bytes", utf8_show(&shown, whole), COMMAND_IDENTITY_MAX);
    } else {
        *out = (command_identity){(uint16_t)space, value};
        return true;
    }
    return false;
}

int folder_person(cli_folder *f, const char *text, record *out) {
    utf8_shown shown;
    tact_error error;
    tact_err err;
    uint64_t id;
    command_identity identity;
    if (text[0] >= '0' && text[0] <= '9' && num_parse_uint(tact_str_from(text), 10, &id)) {
        err = store_person_by_id(&f->reader, id, out, &error);
    } else if (!strchr(text, ':')) {
        cli_complain("`%s` names nobody: a person is NAMESPACE:VALUE, or the number of one",
                     utf8_show(&shown, tact_str_from(text)));
        return CLI_USAGE;
    } else if (!folder_identity(f, text, &identity)) {
        return CLI_USAGE;
    } else {
        err = store_person(&f->reader, identity.space, identity.value, out, &error);
    }
    if (!err) return CLI_OK;
    cli_complain("%s: %s", utf8_show(&shown, tact_str_from(text)), error.text);
    return CLI_FAILED;
}
