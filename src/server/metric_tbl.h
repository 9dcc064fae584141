// SPDX-License-Identifier: Apache-2.0
//
// Every series of /metrics: X(name, TYPE, SOURCE, "path", "labels", "what it means"). What stands at the path in the
// SOURCE, SERVER (metrics_value) or STATUS (tact_status), becomes its samples:
//
//      a number, a flag, a time  one sample; a time is in seconds since 1970
//      a map                     those of each of its members, whose name is the value of the next label
//      a text                    a sample of 1, with the text as the value of the next label
//
// and what is none of these, or not there, has none. LATENCIES are the histograms of operations. docs/metrics.md holds
// these rows as well; tests/server/metrics_test.c sees to that.
X(tact_requests_total, COUNTER, SERVER, "requests", "operation,code",
  "requests answered, by how they ended: `ok`, or the code of what was wrong; `batch` counts besides what it holds")
X(tact_request_duration_seconds, HISTOGRAM, LATENCIES, "", "operation",
  "from a request's arrival until its reply is written")
X(tact_stage_seconds_total, COUNTER, SERVER, "stages", "operation,stage",
  "time spent on requests: `wait` for a worker, `read` and `write` MessagePack, `work` of the engine")
X(tact_bytes_total, COUNTER, SERVER, "bytes", "direction", "bytes of requests (`in`) and of replies (`out`)")
X(tact_requests_in_flight, GAUGE, SERVER, "in_flight", "", "requests in the server, those that wait included")
X(tact_requests_waiting, GAUGE, SERVER, "waiting", "", "requests that wait for a worker")
X(tact_requests_shed_total, COUNTER, SERVER, "shed_total", "", "requests that were refused at once, as overloaded")
X(tact_replies_dropped_total, COUNTER, SERVER, "dropped_total", "",
  "replies that were dropped: whoever asked did not read")
X(tact_requests_ignored_total, COUNTER, SERVER, "ignored_total", "",
  "requests left unanswered: whoever asks does not read the replies")
X(tact_connections, GAUGE, SERVER, "connections", "", "connections that are open")
X(tact_connections_opened_total, COUNTER, SERVER, "connections_total", "", "connections that were opened")
X(tact_connections_refused_total, COUNTER, SERVER, "connections_refused", "",
  "connections that were closed at once: beyond `connections`, or when the server was about to end")
X(tact_bundle_info, GAUGE, STATUS, "bundle", "bundle",
  "1, with the active bundle and its version; absent if nothing is published")
X(tact_read_only, GAUGE, STATUS, "read_only", "", "1 if the store is open for reading only")
X(tact_decisions_total, COUNTER, STATUS, "decided", "", "decisions made, dry and explained ones included")
X(tact_offers_given_total, COUNTER, STATUS, "given", "", "offers that decisions gave")
X(tact_fallbacks_given_total, COUNTER, STATUS, "fallbacks", "", "of these, placements' fallbacks")
X(tact_offers_removed_total, COUNTER, STATUS, "removed", "stage",
  "offers that a stage of deciding took away, `consent` and `caps` among them")
X(tact_sessions, GAUGE, STATUS, "sessions", "", "contexts that the engine keeps for threads that ask at once")
X(tact_reserved, GAUGE, STATUS, "reserved", "", "counts that caps hold already and the store does not yet")
X(tact_counted_total, COUNTER, STATUS, "counted", "", "changes that decisions made, applied")
X(tact_counted_refused_total, COUNTER, STATUS, "counts_refused", "",
  "changes that decisions made, refused: mostly of persons erased meanwhile")
X(tact_log_dropped_total, COUNTER, STATUS, "log.dropped", "", "decisions that the log of decisions had no room for")
X(tact_store_position, GAUGE, STATUS, "position", "", "changes applied since the store was made")
X(tact_store_persons, GAUGE, STATUS, "persons", "", "persons in the store")
X(tact_store_identities, GAUGE, STATUS, "identities", "", "identities in the store")
X(tact_store_events, GAUGE, STATUS, "events", "", "events in the store")
X(tact_store_queue, GAUGE, STATUS, "queued", "", "changes that wait for the writer")
X(tact_store_commits_total, COUNTER, STATUS, "commits.count", "", "transactions that were written to the disk")
X(tact_store_commit_p50_microseconds, GAUGE, STATUS, "commits.p50_us", "", "what half of them took at most")
X(tact_store_commit_p99_microseconds, GAUGE, STATUS, "commits.p99_us", "", "what 99 % of them took at most")
X(tact_store_journal_bytes, GAUGE, STATUS, "commits.journal_bytes", "",
  "bytes of the journal that the last complete checkpoint does not have; near 64 MiB the disk is too slow")
X(tact_store_checkpoints_total, COUNTER, STATUS, "commits.checkpoints", "", "checkpoints that were completed")
X(tact_store_checkpoint_microseconds, GAUGE, STATUS, "commits.checkpoint_us", "", "what the last of them took")
X(tact_store_lost_total, COUNTER, STATUS, "lost", "", "changes that were answered and that the disk then did not take")
X(tact_store_map_bytes, GAUGE, STATUS, "map_bytes", "",
  "bytes of the store's files that are mapped; they grow when they are full")
X(tact_store_used_bytes, GAUGE, STATUS, "used_bytes", "",
  "bytes of them in use, pages that are free to be used again included")
X(tact_store_views, GAUGE, STATUS, "views", "", "views of the store, in all processes")
X(process_start_time_seconds, GAUGE, SERVER, "started", "", "when the server started")
X(process_cpu_seconds_total, COUNTER, SERVER, "process.cpu_seconds", "", "processor time used")
X(process_resident_memory_bytes, GAUGE, SERVER, "process.resident_bytes", "",
  "memory held, the store's pages that lie in memory included")
X(process_anonymous_memory_bytes, GAUGE, SERVER, "process.anonymous_bytes", "",
  "memory held, the store's pages left out: the process's own")
X(process_virtual_memory_bytes, GAUGE, SERVER, "process.virtual_bytes", "",
  "address space, all of the store's map included")
X(process_threads, GAUGE, SERVER, "process.threads", "", "threads")
X(process_open_fds, GAUGE, SERVER, "process.open_files", "", "files and connections that are open")
X(process_max_fds, GAUGE, SERVER, "process.open_files_max", "", "how many may be")
X(tact_heap_bytes, GAUGE, SERVER, "heap", "kind",
  "bytes of the heap as jemalloc has them: `allocated`, `active` pages, `resident`, `mapped`")
