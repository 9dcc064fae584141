// SPDX-License-Identifier: Apache-2.0
#include "served.h"

#include <stdlib.h>

#include "bundle/live.h"

struct served {
    live live;
};

typedef struct one {
    live_old old; // first
    bundle *bundle;
} one;

static void drop(void *thing) {
    one *o = thing;
    bundle_free(o->bundle);
    free(o);
}

served *served_new(void) {
    served *s = malloc(sizeof *s);
    if (!s) abort();
    live_init(&s->live, drop);
    return s;
}

void served_swap(served *s, bundle *b) {
    one *o = malloc(sizeof *o);
    if (!o) abort();
    *o = (one){.bundle = b};
    live_swap(&s->live, o);
}

void served_free(served *s) {
    live_fini(&s->live);
    free(s);
}
