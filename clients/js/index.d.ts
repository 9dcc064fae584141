// SPDX-License-Identifier: Apache-2.0
//
// The types of every request and reply. What they mean, in full, stands in docs/protocol.md.

// ---- Values ---------------------------------------------------------------------------------------------------------

/** A whole number: a number up to 2^53, beyond that a bigint. Both are taken everywhere. */
export type Int = number | bigint;
/** A time: a Date, or a text such as "2026-12-01T10:00:00Z". Replies have Dates. */
export type Time = Date | string;

/** A span of time, exact to the nanosecond. Where one is taken, a text such as "90d" or "1h30m" does as well. */
export class Duration {
    constructor(ns: bigint | number);
    static ofMs(ms: number): Duration;
    readonly ns: bigint;
    readonly ms: number;
    toString(): string;
    toJSON(): string;
}

export type Value = null | boolean | Int | string | Uint8Array | Date | Duration | Value[] | { [key: string]: Value };
export interface Values {
    [name: string]: Value | undefined;
}

// ---- Whom and what --------------------------------------------------------------------------------------------------

type Identity = string | Int;
/** Identities, by namespace: {email: "a@b.c", cookie: "7f3"}. */
export interface Identities {
    [namespace: string]: Identity | Identity[] | undefined;
}
/** Identities, or the person's number. */
export type Whom = Identities | Int;

/** Something that happens with a request: its type and its properties. With a `token` it is of what was shown. */
export interface Event {
    type: string;
    token?: string;
    channel?: string;
    [property: string]: Value | undefined;
}

interface ChangeBase {
    /** Whom it is about; several identities are linked. */
    person?: Identities;
    /** The system that says so: a source of the schema. */
    source?: string;
    /** When it happened; now by default. */
    time?: Time;
    /** The change's own id: one that was applied before is not applied again. */
    id?: string;
}
/** Attributes and their values; null takes one away. */
export interface SetChange extends ChangeBase {
    set: Values;
}
/** What happened. "impression" and "click" are always known, with a token. */
export interface EventChange extends ChangeBase {
    event: string;
    /** Of what was shown: whom, which offer and which placement it is about. */
    token?: string;
    properties?: Values;
    channel?: string;
}
export interface ConsentChange extends ChangeBase {
    consent: { [purpose: string]: 'granted' | 'denied' | 'unset' };
    expires?: Time;
    /** Whether the person said so (the default), or it was inferred or imported. */
    explicit?: boolean;
}
export interface LinkChange extends ChangeBase {
    link: Identities | true;
}
export interface UnlinkChange extends ChangeBase {
    unlink: Identities | true;
}
export interface EraseChange extends ChangeBase {
    erase: Identities | true;
}
export type Change = SetChange | EventChange | ConsentChange | LinkChange | UnlinkChange | EraseChange;

// ---- Requests and replies -------------------------------------------------------------------------------------------

export interface DecideRequest {
    person?: Whom;
    /** In the order in which they are filled. */
    placements: string[];
    /** What the bundle's `context` declares: {device: "mobile"}. */
    context?: Values;
    events?: Event[];
    /** Changes no counter, no log and no profile. */
    dry?: boolean;
    /** The answer says why; dry. */
    explain?: boolean;
    /** Another time than now, of a dry decision. */
    now?: Time;
    /** The decision's id, at most 40 bytes; drawn if it is left out. What it counts, it counts once. */
    decision?: string;
}
/** One thing to show. Which fields `content` has, the bundle's `content` says of each placement. */
export interface Shown<Content = Values> {
    offer: string;
    content: Content;
    score?: number;
    propensity?: number;
    /** It is there because nothing else was. */
    fallback?: true;
    /** Ties what happens to the decision: record({event: "click", token}). A dry decision gives none. */
    token?: string;
}
export interface DecideReply<Content = Values> {
    ok: true;
    decision: string;
    bundle: string;
    /** null: nobody is known by that. */
    person: Int | null;
    /** What to show, best first; all placements that were asked for are there. */
    placements: { [placement: string]: Shown<Content>[] };
    arms: { [experiment: string]: string };
    held_out?: true;
    /** The time was over: only fallbacks. */
    late?: true;
    took_us: Int;
    explain?: Explanation;
}

export interface Explanation {
    reads: { [name: string]: { value?: Value; absent?: string; source?: string; age_s?: Int } };
    placements: {
        [placement: string]: {
            candidates: Int;
            ranking: string;
            shown: Int;
            funnel: Stage[];
            offers: ExplainedOffer[];
        };
    };
}
export interface Stage {
    stage: string;
    removed: Int;
    left: Int;
}
export interface ExplainedOffer {
    offer: string;
    rank?: Int;
    score?: number;
    propensity?: number;
    terms?: Values;
    caps?: { cap: string; counted: Int; max: Int; left: Int }[];
    /** What removed it, and why. */
    stage?: string;
    why?: string;
    rule?: string;
    text?: string;
    decided?: string;
    value?: Value;
    reads?: string[];
    at?: string;
}
export type ExplainRequest = DecideRequest;
export interface ExplainReply<Content = Values> extends DecideReply<Content> {
    explain: Explanation;
}

export interface ContextRequest {
    person: Whom;
    /** Where it is said: offers are those of the channel's placements. */
    channel?: string;
    /** Tokens of the reply, about 4 bytes each; 500 by default. */
    budget?: Int;
    context?: Values;
    now?: Time;
}
export interface ContextReply<Content = Values> {
    ok: true;
    person: Int;
    attributes: Values;
    consents: { [purpose: string]: boolean };
    open: { matter: string; ago_s: Int }[];
    recent: { event: string; ago_s: Int; channel?: string; [property: string]: Value | undefined }[];
    segments: string[];
    offers: { offer: string; title: string; content: Content; why: string }[];
    /** How much is not told: for want of consent, and for want of room. */
    left_out: { not_granted: Int; budget: Int };
    /** The whole in one line, for whoever takes over. */
    handoff: string;
}

export interface RecordRequest {
    commands: Change[];
    /** At most 40 bytes; drawn if it is left out. Changes without an id of their own get ID/NUMBER. */
    id?: string;
}
export interface RecordReply {
    ok: true;
    position: Int;
    /** Changes that were not applied, though the others were: two persons that cannot be one. */
    refused?: { at: string; code: string; text: string }[];
}

export interface PersonRequest {
    person: Whom;
    now?: Time;
}
export interface PersonReply {
    ok: true;
    person: Values;
}
export interface EraseRequest {
    person: Whom;
    id?: string;
}
export interface EraseReply {
    ok: true;
    person: Int;
    identities: Int;
    events: Int;
}

export interface PublishRequest {
    /** The bundle's files: {"bundle.yaml": "…", "offers/a.yaml": "…"}. */
    files: { [path: string]: string | Uint8Array };
    author?: string;
    message?: string;
    /** Does not run the bundle's tests, which its version says for ever. */
    skip_tests?: boolean;
    /** The active bundle of another name, whose place it is to take. */
    instead_of?: string;
    /** What must be active, "shop@11" or "" for nothing, else `not_active`. With it a lost request is sent again. */
    from?: string;
    signer?: Uint8Array;
    signature?: Uint8Array;
}
export interface PublishReply {
    ok: true;
    bundle: string;
    offers: Int;
    placements: Int;
    tests: Int;
    tested: boolean;
    already: boolean;
    schema_changed: boolean;
}
export interface RollbackRequest {
    /** "shop@11"; the one that was active before, if it is left out. */
    version?: string;
    from?: string;
}
export interface BundlesReply {
    ok: true;
    bundles: {
        bundle: string;
        active: boolean;
        time: Date;
        author: string;
        message: string;
        /** The name of the key, null if it is not signed. */
        signed_by: string | null;
        tests_skipped: boolean;
        activated: Date;
        [more: string]: Value | undefined;
    }[];
}

export interface SimulateRequest {
    /** The rules to look at: files, or a version that was published. */
    files?: { [path: string]: string | Uint8Array };
    version?: string;
    placement?: string;
    /** About so many persons. */
    sample?: Int;
    context?: Values;
    now?: Date | string;
}
export interface SimulateReply {
    ok: true;
    bundle: string;
    against: string | null;
    persons: Int;
    took_ms: Int;
    placements: {
        [placement: string]: {
            offers: { offer: string; count: Int; before?: Int; fallback?: true }[];
            candidates: Int;
            funnel: Stage[];
            fallback_only: Int;
            nothing: Int;
            differs?: Int;
        };
    };
}

export interface StatusReply {
    ok: true;
    bundle: string | null;
    position: Int;
    persons: Int;
    identities: Int;
    events: Int;
    read_only: boolean;
    [more: string]: Value | undefined;
}

/** What a part of a batch is answered if it is refused. */
export interface Refusal {
    ok: false;
    error: { code: ErrorCode; text: string; at: string };
}

interface Operations {
    decide: [DecideRequest, DecideReply];
    explain: [ExplainRequest, ExplainReply];
    context: [ContextRequest, ContextReply];
    record: [RecordRequest, RecordReply];
    person: [PersonRequest, PersonReply];
    erase: [EraseRequest, EraseReply];
    publish: [PublishRequest, PublishReply];
    rollback: [RollbackRequest, PublishReply];
    bundles: [{ limit?: Int }, BundlesReply];
    simulate: [SimulateRequest, SimulateReply];
    status: [{}, StatusReply];
}
/** A request of a batch: {op: "decide", …}. */
export type BatchRequest = { [Op in keyof Operations]: { op: Op } & Operations[Op][0] }[keyof Operations];
type BatchReply<Request> = Request extends { op: infer Op extends keyof Operations }
    ? Operations[Op][1] | Refusal
    : never;

// ---- Errors ---------------------------------------------------------------------------------------------------------

/** What programs may act on. A server that is newer may have others. */
export type ErrorCode =
    // The request is wrong; `at` says where.
    | 'unknown_key'
    | 'unknown_operation'
    | 'unknown_identity'
    | 'unknown_placement'
    | 'unknown_channel'
    | 'unknown_attribute'
    | 'unknown_event'
    | 'missing'
    | 'wrong_type'
    | 'bad_value'
    | 'repeated'
    | 'too_much'
    | 'bad_token'
    | 'bad_change'
    | 'malformed'
    // It is right, but cannot be done.
    | 'unknown_person'
    | 'unknown_version'
    | 'bad_bundle'
    | 'no_bundle'
    | 'not_active'
    | 'read_only'
    | 'forbidden'
    // Try again later.
    | 'overloaded'
    | 'unreachable'
    | 'timed_out'
    // The server's own trouble.
    | 'no_memory'
    | 'usage'
    | 'syntax'
    | 'invalid'
    | 'limit'
    | 'not_found'
    | 'exists'
    | 'io'
    | 'busy'
    | 'denied'
    | (string & {});

/** What a server refused, or why it could not be asked. */
export class TactError extends Error {
    constructor(code: ErrorCode, text: string, at?: string);
    readonly code: ErrorCode;
    /** What is wrong and what to do, for people. */
    readonly text: string;
    /** Where in the request: "context.devise", "placements[0]"; empty if nowhere. */
    readonly at: string;
}

// ---- The client -----------------------------------------------------------------------------------------------------

export interface TactOptions {
    /** That servers want. In a page everybody can read it: see README.md. */
    token?: string;
    /** How long to wait for answers: by default 1 s for decide, context, status, 5 s for record, batch, else 30 s. */
    deadlineMs?: number;
    /** Requests that are sent and not answered; further ones wait for their turn. 256 by default. */
    inFlight?: number;
    /** Another implementation than the platform's: of the package `ws`, for one. */
    WebSocket?: new (url: string, protocol: string) => any;
    crypto?: { getRandomValues(bytes: Uint8Array): Uint8Array };
}
export interface CallOptions {
    deadlineMs?: number;
    /** Rejects the promise with the signal's reason. What was sent may still be done. */
    signal?: AbortSignal;
}

/**
 * Asks the first of the servers that can be reached. Connects with the first call; stays connected until close(). All
 * methods reject with a TactError.
 */
export class Tact {
    constructor(servers: string | string[], options?: TactOptions);
    decide<Content = Values>(request: DecideRequest, options?: CallOptions): Promise<DecideReply<Content>>;
    explain<Content = Values>(request: ExplainRequest, options?: CallOptions): Promise<ExplainReply<Content>>;
    context<Content = Values>(request: ContextRequest, options?: CallOptions): Promise<ContextReply<Content>>;
    record(changes: Change[] | RecordRequest, options?: CallOptions): Promise<RecordReply>;
    person(request: PersonRequest, options?: CallOptions): Promise<PersonReply>;
    erase(request: EraseRequest, options?: CallOptions): Promise<EraseReply>;
    publish(request: PublishRequest, options?: CallOptions): Promise<PublishReply>;
    rollback(request?: RollbackRequest, options?: CallOptions): Promise<PublishReply>;
    bundles(request?: { limit?: Int }, options?: CallOptions): Promise<BundlesReply>;
    simulate(request: SimulateRequest, options?: CallOptions): Promise<SimulateReply>;
    status(request?: {}, options?: CallOptions): Promise<StatusReply>;
    /** Replies in the order of the requests; one that is refused does not keep the others from being answered. */
    batch<const Requests extends readonly BatchRequest[]>(
        requests: Requests,
        options?: CallOptions,
    ): Promise<{ [Index in keyof Requests]: BatchReply<Requests[Index]> }>;
    close(): void;
}
