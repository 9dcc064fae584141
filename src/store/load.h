// SPDX-License-Identifier: Apache-2.0
//
// Little-endian numbers out of bytes of any alignment, since LMDB aligns what it hands out to 2 bytes only; and into
// bytes whose number is known beforehand, for which value's pack.h would look at every number whether there is room.
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load_u16(const char *at) {
    uint16_t n;
    memcpy(&n, at, sizeof n);
    return le16toh(n);
}
static inline uint32_t load_u32(const char *at) {
    uint32_t n;
    memcpy(&n, at, sizeof n);
    return le32toh(n);
}
static inline uint64_t load_u64(const char *at) {
    uint64_t n;
    memcpy(&n, at, sizeof n);
    return le64toh(n);
}
static inline int64_t load_i64(const char *at) {
    return (int64_t)load_u64(at);
}

// Each returns where the next goes.
static inline char *save_u16(char *at, uint16_t n) {
    n = htole16(n);
    memcpy(at, &n, sizeof n);
    return at + sizeof n;
}
static inline char *save_u32(char *at, uint32_t n) {
    n = htole32(n);
    memcpy(at, &n, sizeof n);
    return at + sizeof n;
}
static inline char *save_u64(char *at, uint64_t n) {
    n = htole64(n);
    memcpy(at, &n, sizeof n);
    return at + sizeof n;
}
static inline char *save_bytes(char *at, const char *bytes, size_t len) {
    if (len) memcpy(at, bytes, len);
    return at + len;
}

#endif
