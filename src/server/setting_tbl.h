// SPDX-License-Identifier: Apache-2.0
//
// The settings of a server: X(NAME, name, KIND, "default", CHANGES, "ARGUMENT", "what it is"). A file has them as
// `name = value`, the environment as TACT_NAME, the command line as --name (with `-` for `_`); the later wins. KIND is
// one of setting.h. LIVE ones are taken over when the server is told to reload; the others need a new start.
X(DB, db, TEXT, "", FIXED, "DIR", "the folder of the store; made if it is not there")
X(LISTEN, listen, TEXTS, "tcp://127.0.0.1:7420", FIXED, "URL",
  "where to answer: tcp://, ipc://, ws://, tls+tcp://, wss://; as often as you like")
X(HTTP, http, TEXT, "http://127.0.0.1:7421", FIXED, "URL", "where /metrics, /healthz and /readyz are; empty: nowhere")
X(TOKENS, tokens, TEXT, "", LIVE, "FILE",
  "who may do what (`tact token`); without it, only loopback and ipc are listened on, and all may do all")
X(PAGE_IDENTITIES, page_identities, TEXTS, "", FIXED, "NAME",
  "identities by which tokens of the role `page` ask: such as nobody can guess, a long random cookie")
X(TLS_CERT, tls_cert, TEXT, "", FIXED, "FILE", "certificate and key of the server, PEM: for tls+tcp:// and wss://")
X(TLS_CA, tls_ca, TEXT, "", FIXED, "FILE", "certificates that clients must have one of, PEM; empty: they need none")
X(DURABILITY, durability, SPAN, "0", FIXED, "SPAN",
  "0: what is recorded is on disk when it is answered; else, consents and erasures aside, the disk is waited for that "
  "often, and decisions see what was recorded so much later")
X(WORKERS, workers, COUNT, "0", FIXED, "N", "requests that are decided at once; 0: as many as there are processors")
X(QUEUE, queue, COUNT, "256", LIVE, "N",
  "requests that wait for a worker; further ones are refused at once as overloaded")
X(CONTEXTS, contexts, COUNT, "1024", FIXED, "N",
  "requests in the server at once, those that wait for the disk included")
X(WAITERS, waiters, COUNT, "64", FIXED, "N", "threads for what waits: changes for the disk, publishing, simulations")
X(CONNECTIONS, connections, COUNT, "20000", LIVE, "N", "connections at once; further ones are closed")
X(MESSAGE_MAX, message_max, BYTES, "16M", FIXED, "BYTES",
  "of a request, 16M at most; a longer one is refused, and beyond four times as much its connection closed")
X(BATCH_MAX, batch_max, COUNT, "1000", LIVE, "N", "requests in one message")
X(SIMULATE_MAX, simulate_max, COUNT, "100000", LIVE, "N", "persons that one simulation looks at")
X(HISTORY_DAYS, history_days, COUNT, "0", FIXED, "N",
  "days that events are kept; 0: for ever, within the bound of each identity")
X(DECISION_LOG, decision_log, TEXT, "", FIXED, "DIR",
  "the folder of the log of decisions, made if it is not there, each server's own; empty: none")
X(DECISION_SAMPLE, decision_sample, SHARE, "1", FIXED, "SHARE", "of decisions that go into it")
X(LOG, log, TEXT, "logfmt", LIVE, "FORMAT", "lines on standard error: logfmt or json")
X(LOG_LEVEL, log_level, TEXT, "info", LIVE, "LEVEL", "the least that is logged: debug, info, warn, error")
X(DRAIN, drain, SPAN, "10s", LIVE, "SPAN", "that requests in flight have when the server is told to end")
