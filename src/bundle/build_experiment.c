// SPDX-License-Identifier: Apache-2.0
//
// Experiments and the holdout: who is divided how. Shares of one exclusive space lie one behind the other in the order
// of the files.
#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/scalar.h"

#define WHOLE 10000 // hundredths of a percent

// ---- Arms -----------------------------------------------------------------------------------------------------------

static bundle_arm *find_arm(bundle_arm *arms, uint32_t count, tact_str name) {
    for (uint32_t i = 0; arms && i < count; i++) {
        if (tact_str_equal(arms[i].name, name)) return &arms[i];
    }
    return NULL;
}

static bundle_arm *read_arms(builder *B, const yaml_node *map, bundle_experiment *e) {
    bundle_arm *arms = build_array(B, B->hot, map->count, sizeof *arms);
    uint32_t sum = 0;
    if (!arms) return NULL;
    e->arms = arms;
    if (map->count > BUNDLE_ARMS_MAX) {
        report_add(build_at(B), REPORT_TOO_LARGE, map->key_at, NULL, "an experiment can have no more than %d arms",
                   BUNDLE_ARMS_MAX);
    }
    if (map->count == 0) report_add(build_at(B), REPORT_INVALID, map->key_at, NULL, "an experiment needs an arm");
    for (const yaml_node *item = map->first; item; item = item->next) {
        bundle_arm *arm = &arms[e->arms_count++];
        B->part = item->key;
        arm->name = build_intern(B, item->key);
        arm->ranking = -1;
        if (!build_is_name(item->key)) {
            report_add(build_at(B), REPORT_BAD_NAME, item->key_at, NULL, BUILD_NAME_RULE, SCHEMA_NAME_MAX);
        }
        arm->permyriad = build_permyriad(B, item);
        if (arm->permyriad <= WHOLE) sum += arm->permyriad;
    }
    B->part = (tact_str){NULL, 0};
    if (sum > WHOLE) {
        report_add(build_at(B), REPORT_PERCENT, map->key_at, NULL, "the arms come to %g percent of people together",
                   sum / 100.0);
    }
    return arms;
}

// {rank: by_value} of an arm.
static void read_changes(builder *B, const yaml_node *map, bundle_arm *arm) {
    if (map->kind == YAML_BAD) return;
    if (map->kind != YAML_MAP) {
        scalar_refuse(build_at(B), map, REPORT_WRONG_FORM, NULL, "what the arm changes, such as {rank: by_value}");
        return;
    }
    for (const yaml_node *item = map->first; item; item = item->next) {
        B->item = item->key;
        if (!tact_str_equal(item->key, TACT_STR("rank"))) {
            utf8_shown shown;
            report_add(build_at(B), REPORT_UNKNOWN_KEY, item->key_at, "an arm can change `rank`", "unknown key `%s`",
                       utf8_show(&shown, item->key));
        } else if (!scalar_is_text(item)) {
            scalar_refuse(build_at(B), item, REPORT_WRONG_FORM, NULL, "the name of a ranking");
        } else {
            int32_t ranking = build_ref(B, DRAFT_RANKINGS, item);
            if (arm && ranking >= 0) arm->ranking = ranking + 1; // behind the one without a name
        }
    }
    B->item = (tact_str){NULL, 0};
}

static void read_sets(builder *B, const yaml_node *map, bundle_experiment *e, bundle_arm *arms) {
    for (const yaml_node *item = map->first; item; item = item->next) {
        bundle_arm *arm = find_arm(arms, e->arms_count, item->key);
        B->part = item->key;
        if (!arm && arms) {
            near n = near_to(item->key);
            for (uint32_t i = 0; i < e->arms_count; i++) near_offer(&n, arms[i].name);
            const char *hint = report_near(B->r, &n);
            utf8_shown shown;
            report_add(build_at(B), REPORT_UNKNOWN_NAME, item->key_at, hint, "the experiment has no arm `%s`",
                       utf8_show(&shown, item->key));
        }
        read_changes(B, item, arm);
    }
    B->part = (tact_str){NULL, 0};
}

// ---- Where, and who -------------------------------------------------------------------------------------------------

static void read_placements(builder *B, const yaml_node *node, bundle_experiment *e) {
    bool list = node->kind == YAML_LIST;
    uint32_t *placements = build_array(B, B->hot, list ? node->count : 1, sizeof *placements);
    if (!placements) return;
    e->placements = placements;
    if (list && node->count == 0) {
        report_add(build_at(B), REPORT_INVALID, node->at, "leave it out where all placements are meant",
                   "an experiment needs a placement");
    }
    for (const yaml_node *item = list ? node->first : node; item; item = list ? item->next : NULL) {
        int32_t number = build_ref(B, DRAFT_PLACEMENTS, item);
        bool twice = false;
        for (uint32_t i = 0; i < e->placements_count; i++) twice |= placements[i] == (uint32_t)number;
        if (twice) {
            report_add(build_at(B), REPORT_DEFINED_TWICE, item->at, NULL, "`%.*s` is here a second time",
                       (int)item->text.len, item->text.ptr);
        } else if (number >= 0) {
            placements[e->placements_count++] = (uint32_t)number;
        }
    }
}

static void read_exclusive(builder *B, const draft_member *m, bundle_experiment *e) {
    const yaml_node *name = draft_key(m, DRAFT_EXPERIMENTS_EXCLUSIVE), *share = draft_key(m, DRAFT_EXPERIMENTS_SHARE);
    e->to = WHOLE;
    if (!name && !share) return;
    if (name && share) {
        e->exclusive = build_intern(B, name->text);
        build_enter(B, m, DRAFT_EXPERIMENTS_SHARE);
        e->to = build_permyriad(B, share); // moved to its place by share_out
    } else if (!m->spoilt) {
        const yaml_node *there = name ? name : share;
        build_enter(B, m, name ? DRAFT_EXPERIMENTS_EXCLUSIVE : DRAFT_EXPERIMENTS_SHARE);
        report_add(build_at(B), REPORT_MISSING_KEY, there->key_at,
                   "experiments that exclude each other share people: exclusive: home, share: 30",
                   name ? "`exclusive` needs a `share`" : "`share` needs `exclusive`");
    }
}

static void read_experiment(builder *B, const draft_member *m, bundle_experiment *e) {
    const yaml_node *salt = draft_key(m, DRAFT_EXPERIMENTS_SALT), *arms = draft_key(m, DRAFT_EXPERIMENTS_ARMS);
    const yaml_node *set = draft_key(m, DRAFT_EXPERIMENTS_SET), *placement = draft_key(m, DRAFT_EXPERIMENTS_PLACEMENT);
    bundle_arm *made = NULL;
    e->name = build_intern(B, m->name);
    e->title = build_title(B, draft_key(m, DRAFT_EXPERIMENTS_TITLE), e->name);
    e->salt = salt ? build_intern(B, salt->text) : e->name;
    build_enter(B, m, DRAFT_EXPERIMENTS_PLACEMENT);
    if (placement) read_placements(B, placement, e);
    build_enter(B, m, DRAFT_EXPERIMENTS_ARMS);
    if (arms && arms->kind == YAML_MAP) made = read_arms(B, arms, e);
    build_enter(B, m, DRAFT_EXPERIMENTS_SET);
    if (set && set->kind == YAML_MAP) read_sets(B, set, e, made);
    read_exclusive(B, m, e);
    build_enter(B, m, DRAFT_EXPERIMENTS_ELIGIBLE);
    (void)build_rule(B, draft_key(m, DRAFT_EXPERIMENTS_ELIGIBLE), BUILD_EXPERIMENTS, BUILD_BOOL, &e->eligible);
    build_period(B, m, DRAFT_EXPERIMENTS_STARTS, DRAFT_EXPERIMENTS_ENDS, &e->starts_ms, &e->ends_ms);
}

// Gives each share its place in its exclusive space. Spaces are few, so looking for the others is a scan.
static void share_out(builder *B, bundle_experiment *experiments) {
    const draft_members *members = &B->d->sections[DRAFT_EXPERIMENTS];
    const uint32_t *numbers = B->members[DRAFT_EXPERIMENTS].numbers;
    for (uint32_t i = 0; i < members->count; i++) {
        bundle_experiment *e = &experiments[numbers[i]];
        if (!e->exclusive.len) continue;
        for (uint32_t j = i; j-- > 0;) {
            const bundle_experiment *before = &experiments[numbers[j]];
            if (!tact_str_equal(before->exclusive, e->exclusive)) continue;
            e->from = before->to;
            e->to += e->from;
            break;
        }
        if (e->to <= WHOLE || e->from > WHOLE) continue; // once, where it goes over
        build_enter(B, &members->of[i], DRAFT_EXPERIMENTS_SHARE);
        report_add(build_at(B), REPORT_PERCENT, draft_key(&members->of[i], DRAFT_EXPERIMENTS_SHARE)->at, NULL,
                   "with this one the shares of `%.*s` come to %g percent", (int)e->exclusive.len, e->exclusive.ptr,
                   e->to / 100.0);
    }
}

static void build_holdout(builder *B) {
    const draft_members *members = &B->d->sections[DRAFT_HOLDOUT];
    const draft_member *m = members->count ? &members->of[0] : NULL;
    B->b->holdout_purpose = -1;
    B->b->holdout_salt = TACT_STR("holdout");
    if (!m) return;
    const yaml_node *of = draft_key(m, DRAFT_HOLDOUT_OF), *salt = draft_key(m, DRAFT_HOLDOUT_SALT);
    build_enter(B, m, DRAFT_HOLDOUT_PERCENT);
    B->b->holdout_permyriad = build_permyriad(B, draft_key(m, DRAFT_HOLDOUT_PERCENT));
    build_enter(B, m, DRAFT_HOLDOUT_OF);
    if (of) B->b->holdout_purpose = build_ref_schema(B, SCHEMA_PURPOSE, of->text, of->at);
    if (salt) B->b->holdout_salt = build_intern(B, salt->text);
}

void build_experiments(builder *B) {
    const build_members *members = &B->members[DRAFT_EXPERIMENTS];
    bundle_experiment *experiments = build_array(B, B->hot, members->count, sizeof *experiments);
    build_holdout(B);
    if (!experiments) return;
    for (uint32_t i = 0; i < members->count; i++) read_experiment(B, members->of[i], &experiments[i]);
    share_out(B, experiments);
    B->b->experiments = experiments;
    B->b->experiments_count = members->count;
}
