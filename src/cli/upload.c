// SPDX-License-Identifier: Apache-2.0
//
// Files as they were read: a text where they are text, else bytes, for the server to complain of.
#include "cli/upload.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/rules.h"
#include "value/value.h"

int upload_read(arena *a, const char *folder, tact_value *files, uint8_t *hash) {
    publish_files f;
    int code = rules_read(&f, a, folder, NULL);
    if (code) return code;
    value_entry *all = arena_array(a, f.sources.count, sizeof *all);
    for (uint32_t i = 0; all && i < f.sources.count; i++) {
        const tact_str name = f.sources.files[i].name, text = sources_text_of(&f.sources, i);
        all[i].key = tact_string(name.ptr, name.len);
        all[i].value = utf8_valid(text.ptr, text.len) ? tact_string(text.ptr, text.len)
                                                      : tact_bytes(text.ptr, text.len);
    }
    *files = all ? value_map(a, all, f.sources.count) : tact_null();
    buf form = buf_in(a);
    if (hash) sources_write(&form, &f.sources);
    const tact_str bytes = buf_done(&form);
    if (files->kind != TACT_MAP || !bytes.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    if (hash) hash_bytes(bytes, hash);
    return CLI_OK;
}
