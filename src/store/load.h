// SPDX-License-Identifier: Apache-2.0
//
// Little-endian numbers out of bytes of any alignment: LMDB aligns what it hands out to 2 bytes only. Value's pack.h
// writes them.
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

#endif
