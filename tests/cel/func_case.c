// SPDX-License-Identifier: Apache-2.0
//
// See func_case.h. The environment has all libraries, so every row of the table can be run.
#include "func_case.h"

#include <stdio.h>

func_case here;

int func_case_setup(void **state) {
    (void)state;
    here.env = tact_cel_env_new(NULL);
    arena_init(&here.arena, TACT_CEL_MEMORY_MAX);
    here.call = (tact_cel_call){.arena = &here.arena, .steps_left = TACT_CEL_STEPS_MAX};
    return here.env ? 0 : -1;
}

int func_case_teardown(void **state) {
    (void)state;
    arena_fini(&here.arena);
    tact_cel_env_free(here.env);
    return 0;
}

const cel_overload *func_case_find(const char *id) {
    for (uint32_t i = 0; i < here.env->functions.count; i++) {
        const cel_function *f = here.env->functions.entries[i].value;
        for (uint32_t k = 0; k < f->count; k++) {
            if (tact_str_equal(f->overloads[k]->id, tact_str_from(id))) return f->overloads[k];
        }
    }
    fail_msg("there is no overload %s", id);
    return NULL;
}

tact_value func_case_run(const char *id, const tact_value *args, uint32_t count) {
    const cel_overload *o = func_case_find(id);
    if (o->count != count) fail_msg("%s takes %u arguments, not %u", id, o->count, count);
    for (uint32_t i = 0; i < count; i++) {
        bool fits = o->kinds[i] == TACT_UNRESOLVED || o->kinds[i] == args[i].kind || args[i].kind == TACT_OPAQUE;
        if (!fits) fail_msg("argument %u of %s is no %s", i, id, value_kind_name((tact_kind)args[i].kind));
    }
    here.call.overload = o;
    return o->fn(&here.call, args, count);
}

void func_case_assert_prints(tact_value v, const char *text, int line) {
    arena a;
    arena_init(&a, 0);
    tact_str printed = tact_value_print(v, &a);
    bool same = tact_str_equal(printed, tact_str_from(text));
    if (!same) print_error("line %d: %s instead of %s\n", line, printed.ptr, text);
    arena_fini(&a);
    assert_true(same);
}

void func_case_assert_fault(tact_value v, tact_fault fault, const char *text, int line) {
    if (v.kind != TACT_ERROR) {
        func_case_assert_prints(v, "an error", line);
    } else if (v.len != (uint32_t)fault) {
        fail_msg("line %d: %s (%s) instead of %s", line, tact_fault_name((tact_fault)v.len), v.as.s ? v.as.s : "",
                 tact_fault_name(fault));
    } else if (text && (!v.as.s || strcmp(v.as.s, text) != 0)) {
        fail_msg("line %d: \"%s\" instead of \"%s\"", line, v.as.s ? v.as.s : "", text);
    }
}
