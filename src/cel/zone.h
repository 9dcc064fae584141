// SPDX-License-Identifier: Apache-2.0
//
// Time zones: what the clock on the wall shows at a time. Names come from the machine's time zone database, read once
// each by CCTZ (zone.cc); what has been read may be used by many threads at once.
#ifndef CEL_ZONE_H
#define CEL_ZONE_H

#include "base/civil.h"
#include "tact/core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZONE_NAME_MAX 64 // bytes; the longest name in the database has 32

typedef struct zone {
    const void *rules; // NULL: always at `offset`
    int32_t offset;    // seconds east of Greenwich
} zone;

// Reads "UTC", an offset ("+11:00", "-02:30", "02:00") or a name ("Europe/Berlin"). False: there is no such zone. Holds
// nothing that has to be given back. The first use of a name reads a file.
TACT_MUST_USE bool zone_find(tact_str name, zone *out);
// The installed name that is nearest to one that is none ("Europe/Berlin" for "berlin"), in `room`; empty: none is
// near. Reads the database's folders, so it is for faults that are few.
tact_str zone_nearest(tact_str name, char room[ZONE_NAME_MAX]);
// How far the zone's clocks are ahead of UTC at a time, in seconds.
int32_t zone_offset(const zone *z, int64_t seconds);
// When the zone's clocks show `wall` (seconds as if it were UTC's): the first time, if they do so twice since they go
// back; if they skip it, going forward, the moment when they do.
int64_t zone_instant(const zone *z, int64_t wall);

static inline civil zone_civil(const zone *z, int64_t seconds) {
    return civil_at(seconds + zone_offset(z, seconds));
}

#ifdef __cplusplus
}
#endif
#endif
