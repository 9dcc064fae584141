// SPDX-License-Identifier: Apache-2.0
//
// The format of bundles: every section and every key, once. The reader's checks, the nearest names, the JSON Schema for
// editors and the reference tables of docs/bundle.md are made from these rows.
//
//      SECTION(NAME, key, shape, noun, example, doc)  a key at the top of a file of a bundle
//      PART(NAME, name, example, doc)                 a map with keys of its own, within others
//      KEY(OF, NAME, key, form, kind, need, doc)      a key of a member of a section, or of a part; those of one stand
//                                                     together, behind it
//
// shape: ONE (the section is the member itself, and stands once in a bundle; the keys of BUNDLE stand at the top of
// bundle.yaml, and only there), NAMED (a map of names to members), LISTED (a list of members), PLAIN (a map of names to
// single values of `form`, see KEY(…, VALUE, …)). noun, example: what a member is called, and one as complaints show it.
// form: what a value is written as, a row of format_form_tbl.h. kind: what it refers to or comes to: the SECTION that
// it names, the type that an expression must have, the PART that it is, or NONE.
// need: MUST or MAY.
#ifndef SECTION
#define SECTION(NAME, key, shape, noun, example, doc)
#endif
#ifndef PART
#define PART(NAME, name, example, doc)
#endif
#ifndef KEY
#define KEY(OF, NAME, key, form, kind, need, doc)
#endif

// ---- The bundle itself ----------------------------------------------------------------------------------------------
SECTION(BUNDLE, bundle, ONE, "a bundle", "bundle: shop", "the bundle's name; with it `title`, `time_zone` and `include` stand at the top of bundle.yaml")
KEY(BUNDLE, NAME, bundle, NAME, NONE, MUST, "the bundle's name; its versions are numbered under it")
KEY(BUNDLE, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(BUNDLE, TIME_ZONE, time_zone, ZONE, NONE, MAY, "for calendar caps and dates without an offset; UTC by default")
KEY(BUNDLE, INCLUDE, include, TEXTS, NONE, MAY, "files and patterns, read in this order; within the folder")

// ---- What is known of a person --------------------------------------------------------------------------------------
SECTION(IDENTITIES, identities, NAMED, "an identity", "{unique: true}", "namespaces of identities")
KEY(IDENTITIES, UNIQUE, unique, BOOL, NONE, MAY, "a person has at most one; false by default")
KEY(IDENTITIES, NORMALIZE, normalize, NORMALIZE, NONE, MAY, "lowercase, trim or a list of them")
KEY(IDENTITIES, MAX, max, POSITIVE, NONE, MAY, "a person keeps the newest so many")
SECTION(ATTRIBUTES, attributes, NAMED, "an attribute", "{type: string}", "what is known of a person: `profile.name` in expressions")
KEY(ATTRIBUTES, TYPE, type, TYPE, NONE, MUST, "bool, int, double, string, timestamp, duration, or a list of string, int or double")
KEY(ATTRIBUTES, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(ATTRIBUTES, UNIT, unit, TEXT, NONE, MAY, "what it is measured in")
KEY(ATTRIBUTES, PURPOSE, purpose, REF, PURPOSES, MAY, "absent unless this purpose is granted")
KEY(ATTRIBUTES, PERSONAL, personal, BOOL, NONE, MAY, "tells who somebody is")
KEY(ATTRIBUTES, SOURCES, sources, SOURCES, NONE, MAY, "the source that wins first; others come last")
KEY(ATTRIBUTES, MAX_AGE, max_age, SPAN, NONE, MAY, "older values read as absent")
KEY(ATTRIBUTES, DEFAULT, default, VALUE, NONE, MAY, "what it reads as when it is absent")
KEY(ATTRIBUTES, VALUES, values, VALUES, NONE, MAY, "the values that it can have")
KEY(ATTRIBUTES, MIN, min, VALUE, NONE, MAY, "the least value that it can have")
KEY(ATTRIBUTES, MAX, max, VALUE, NONE, MAY, "the greatest value that it can have")
SECTION(PURPOSES, purposes, NAMED, "a purpose", "{default: denied}", "what data or an offer may be used for: `consent.name` in expressions")
KEY(PURPOSES, DEFAULT, default, GRANTED, NONE, MAY, "granted or denied, when nobody said anything; denied by default")
SECTION(EVENTS, events, NAMED, "an event", "{properties: {amount: double}}", "what can happen to a person")
KEY(EVENTS, PROPERTIES, properties, TYPES, NONE, MAY, "names and types of what it carries")
SECTION(AGGREGATES, aggregates, NAMED, "an aggregate", "{count: purchase, window: 90d}", "what events come to over a window: `profile.name` in expressions")
KEY(AGGREGATES, COUNT, count, EVENT, NONE, MAY, "how many; of an event")
KEY(AGGREGATES, SUM, sum, PROPERTY, NONE, MAY, "the sum of a property: `purchase.amount`")
KEY(AGGREGATES, MIN, min, PROPERTY, NONE, MAY, "its least value")
KEY(AGGREGATES, MAX, max, PROPERTY, NONE, MAY, "its greatest value")
KEY(AGGREGATES, AVG, avg, PROPERTY, NONE, MAY, "its mean")
KEY(AGGREGATES, DISTINCT, distinct, PROPERTY, NONE, MAY, "how many different values it had, up to 2,000")
KEY(AGGREGATES, FIRST, first, PROPERTY, NONE, MAY, "its value in the oldest event")
KEY(AGGREGATES, LAST, last, PROPERTY, NONE, MAY, "its value in the newest event")
KEY(AGGREGATES, SINCE, since, EVENT, NONE, MAY, "how long ago the newest was; of an event")
KEY(AGGREGATES, WINDOW, window, SPAN, NONE, MAY, "how far back it looks; all time by default")
SECTION(CONTEXT, context, NAMED, "a context value", "{type: string}", "what a request may carry: `context.name` in expressions")
KEY(CONTEXT, TYPE, type, TYPE, NONE, MUST, "as of an attribute")
KEY(CONTEXT, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(CONTEXT, DEFAULT, default, VALUE, NONE, MAY, "what it reads as when a request does not carry it; absent by default")
KEY(CONTEXT, VALUES, values, VALUES, NONE, MAY, "the values that it can have")

// ---- What can be said, and where ------------------------------------------------------------------------------------
SECTION(SEGMENTS, segments, PLAIN, "a segment", "profile.recency >= 9", "named conditions over a person: `segment.name` in expressions")
KEY(SEGMENTS, VALUE, , EXPR, BOOL, MUST, "an expression over profile, consent, context, now and other segments")
SECTION(CHANNELS, channels, NAMED, "a channel", "{title: E-mail}", "channels that have a title or caps of their own; others need no entry")
KEY(CHANNELS, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(CHANNELS, CAPS, caps, PARTS, CAP, MAY, "limits over everything in the channel")
SECTION(PLACEMENTS, placements, NAMED, "a placement", "{channel: web}", "places in a channel")
KEY(PLACEMENTS, CHANNEL, channel, NAME, NONE, MUST, "the channel that it is in")
KEY(PLACEMENTS, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(PLACEMENTS, SLOTS, slots, POSITIVE, NONE, MAY, "how many offers it shows; 1 by default, at most 100")
KEY(PLACEMENTS, FALLBACK, fallback, REF, OFFERS, MAY, "what is shown when nothing else is left; an offer without any restriction")
KEY(PLACEMENTS, RANK, rank, REF, RANKINGS, MAY, "how offers are ordered; by propensity * offer.value by default")
KEY(PLACEMENTS, TIES, ties, TIES, NONE, MAY, "name (the default) or random: what decides between equals")
KEY(PLACEMENTS, CAPS, caps, PARTS, CAP, MAY, "limits over everything in the placement")
SECTION(CONTENT, content, PLAIN, "a placement", "{title: string, link: url}", "what an offer must bring for each placement: names and kinds of fields")
KEY(CONTENT, VALUE, , FIELDS, NONE, MUST, "names of fields and their kinds; a `?` behind a kind: the field may be left out")
SECTION(RANKINGS, rankings, PLAIN, "a ranking", "propensity * offer.value", "formulas that order offers")
KEY(RANKINGS, VALUE, , EXPR, DOUBLE, MUST, "an expression over propensity, offer, profile, segment, consent, context and now; the greatest first")
SECTION(GROUPS, groups, NAMED, "a group", "{title: Apparel}", "offers that share rules and limits")
KEY(GROUPS, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(GROUPS, PURPOSE, purpose, REF, PURPOSES, MAY, "needs to be granted")
KEY(GROUPS, ELIGIBLE, eligible, EXPR, BOOL, MAY, "can they have it")
KEY(GROUPS, APPLICABLE, applicable, EXPR, BOOL, MAY, "does it make sense now")
KEY(GROUPS, SUITABLE, suitable, EXPR, BOOL, MAY, "should we")
KEY(GROUPS, CAPS, caps, PARTS, CAP, MAY, "limits over all its offers together")
KEY(GROUPS, PER_ANSWER, per_answer, POSITIVE, NONE, MAY, "at most so many of it in one answer")
SECTION(MODELS, models, NAMED, "a model", "{file: visit.json, format: xgboost, features: [profile.recency]}", "scorers: `model.name` in expressions")
KEY(MODELS, FILE, file, TEXT, NONE, MUST, "in the bundle's folder, else in the folder of models named at publish")
KEY(MODELS, FORMAT, format, TEXT, NONE, MUST, "what the file is: xgboost, …")
KEY(MODELS, FEATURES, features, TEXTS, NONE, MUST, "expressions, in the order that the model wants")
SECTION(EXPERIMENTS, experiments, NAMED, "an experiment", "{arms: {control: 50, other: 50}}", "people divided at random, to compare")
KEY(EXPERIMENTS, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(EXPERIMENTS, PLACEMENT, placement, REFS, PLACEMENTS, MAY, "where it applies: a placement or a list of them; all by default")
KEY(EXPERIMENTS, UNIT, unit, UNIT, NONE, MAY, "person: what is divided")
KEY(EXPERIMENTS, ARMS, arms, PERCENTS, NONE, MUST, "names of arms and the percent of people in each; who is left over is in none")
KEY(EXPERIMENTS, SET, set, SETS, NONE, MAY, "what an arm changes: {arm: {rank: …}}")
KEY(EXPERIMENTS, ELIGIBLE, eligible, EXPR, BOOL, MAY, "who takes part; reads what segments can")
KEY(EXPERIMENTS, EXCLUSIVE, exclusive, NAME, NONE, MAY, "a person takes part in at most one of those that share this name")
KEY(EXPERIMENTS, SHARE, share, PERCENT, NONE, MAY, "its percent of the people of `exclusive`")
KEY(EXPERIMENTS, SALT, salt, TEXT, NONE, MAY, "what is hashed with the person; the experiment's name by default")
KEY(EXPERIMENTS, STARTS, starts, TIME, NONE, MAY, "from then on; a date begins at midnight in the bundle's time zone")
KEY(EXPERIMENTS, ENDS, ends, TIME, NONE, MAY, "until then, that moment not included")
SECTION(HOLDOUT, holdout, ONE, "a holdout", "{percent: 5}", "people who only ever see fallbacks, so that the effect of all else can be told")
KEY(HOLDOUT, PERCENT, percent, PERCENT, NONE, MUST, "of people")
KEY(HOLDOUT, OF, of, REF, PURPOSES, MAY, "only of offers with this purpose; of all by default")
KEY(HOLDOUT, SALT, salt, TEXT, NONE, MAY, "what is hashed with the person; holdout by default")

// ---- Offers ---------------------------------------------------------------------------------------------------------
SECTION(OFFERS, offers, NAMED, "an offer", "{title: Winter, value: 12.0}", "the catalogue")
KEY(OFFERS, TITLE, title, TEXT, NONE, MAY, "what people call it")
KEY(OFFERS, GROUP, group, REF, GROUPS, MAY, "the group that it belongs to")
KEY(OFFERS, PURPOSE, purpose, REF, PURPOSES, MAY, "needs to be granted; the group's by default")
KEY(OFFERS, VALUE, value, NUMBER, NONE, MAY, "what it is worth: `offer.value`; 0 by default")
KEY(OFFERS, WEIGHT, weight, NUMBER, NONE, MAY, "a lever for people, in percent: `offer.weight`; 0 by default")
KEY(OFFERS, STARTS, starts, TIME, NONE, MAY, "from then on; a date begins at midnight in the bundle's time zone")
KEY(OFFERS, ENDS, ends, TIME, NONE, MAY, "until then, that moment not included")
KEY(OFFERS, ATTRIBUTES, attributes, ANY, NONE, MAY, "what else rules may read of it: `offer.name`; texts, numbers, true or false, lists of texts")
KEY(OFFERS, ELIGIBLE, eligible, EXPR, BOOL, MAY, "can they have it")
KEY(OFFERS, APPLICABLE, applicable, EXPR, BOOL, MAY, "does it make sense now")
KEY(OFFERS, SUITABLE, suitable, EXPR, BOOL, MAY, "should we")
KEY(OFFERS, PROPENSITY, propensity, EXPR, DOUBLE, MAY, "how likely it is taken: a number or an expression; 1 by default")
KEY(OFFERS, CAPS, caps, PARTS, CAP, MAY, "how often it may happen")
KEY(OFFERS, REPEAT, repeat, BOOL, NONE, MAY, "may stand in several placements of one answer; false by default")
KEY(OFFERS, CONTENT, content, CONTENTS, CONTENT, MAY, "what it brings for each placement; texts may hold {{ expressions }}")

PART(CAP, cap, "{on: impression, max: 3, every: 7d}", "a limit on how often something may happen")
KEY(CAP, ON, on, COUNTED, EVENTS, MUST, "decision, impression, click, or an event")
KEY(CAP, MAX, max, COUNT, NONE, MUST, "so often; 0 is never")
KEY(CAP, EVERY, every, SPAN, NONE, MAY, "within any span so long, counted back from now")
KEY(CAP, PER, per, PERIOD, NONE, MAY, "hour, day, week (from Monday), month or year of the calendar, in the bundle's time zone; without `every` and `per`: ever")
KEY(CAP, SCOPE, scope, SCOPE, NONE, MAY, "person (the default) or everyone: a budget")

// ---- Tests ----------------------------------------------------------------------------------------------------------
SECTION(TESTS, tests, LISTED, "a test", "{name: who sees what, now: 2026-12-01T10:00:00Z, decide: {home_hero: {}}}", "decisions that must come out so; publishing runs them")
KEY(TESTS, NAME, name, TEXT, NONE, MUST, "what it shows")
KEY(TESTS, NOW, now, TIME, NONE, MUST, "the time of the decision")
KEY(TESTS, PERSON, person, ANY, NONE, MAY, "attributes; `consent: {purpose: granted}`; `events: [{type: purchase, ago: 3d, amount: 10.0}]`; an empty person by default")
KEY(TESTS, DECIDE, decide, ANY, PLACEMENTS, MUST, "placements, each with the request's context")
KEY(TESTS, EXPECT, expect, ANY, PLACEMENTS, MAY, "the offers of each placement, in order")
KEY(TESTS, BECAUSE, because, ANY, OFFERS, MAY, "offers that are not shown, and the stage that removed them")

#undef SECTION
#undef PART
#undef KEY
