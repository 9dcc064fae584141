// SPDX-License-Identifier: Apache-2.0
//
// The one door to CCTZ. The subtle part is which names reach it: CCTZ opens a file for each, wherever the name points,
// and remembers also those that it did not find. So a name must look like one and be in the database, which bounds what
// is remembered by what is installed.
#include "cel/zone.h"

#include <cctz/time_zone.h>
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

extern "C" {
#include "base/near.h"
}

// A time zone of CCTZ is a pointer to rules that live for ever; `rules` is that pointer.
static_assert(std::is_trivially_copyable<cctz::time_zone>::value && sizeof(cctz::time_zone) == sizeof(void *),
              "zone.rules holds a cctz::time_zone");

static bool read_two(const char *at, int max, int *out) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    return *out <= max;
}

// [+-]hh:mm
static bool read_offset(tact_str text, int32_t *offset) {
    int sign = 1, hours, minutes;
    if (text.len == 6 && (text.ptr[0] == '+' || text.ptr[0] == '-')) {
        sign = text.ptr[0] == '-' ? -1 : 1;
        text.ptr++, text.len--;
    }
    if (text.len != 5 || text.ptr[2] != ':') return false;
    if (!read_two(text.ptr, 23, &hours) || !read_two(text.ptr + 3, 59, &minutes)) return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Letters first, then also digits and "_+-/", but no empty part: no name leaves the database's folder. "localtime" is
// in it, but means something else on every machine.
static bool is_name(tact_str text) {
    if (text.len == 0 || text.len > ZONE_NAME_MAX || !is_letter(text.ptr[0])) return false;
    if (tact_str_equal(text, tact_str_from("localtime"))) return false;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        bool slash = c == '/' && text.ptr[i - 1] != '/' && i + 1 < text.len;
        if (!slash && !is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-') return false;
    }
    return true;
}

static std::string path_of(const std::string &name) {
    const char *folder = getenv("TZDIR"); // where CCTZ looks as well
    return std::string(folder && *folder ? folder : "/usr/share/zoneinfo") + "/" + name;
}

static bool is_installed(const std::string &name) {
    struct stat found;
    return stat(path_of(name).c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

bool zone_find(tact_str name, zone *out) {
    *out = {nullptr, 0};
    if (tact_str_equal(name, tact_str_from("UTC")) || read_offset(name, &out->offset)) return true;
    if (!is_name(name)) return false;
    try {
        std::string text(name.ptr, name.len);
        cctz::time_zone found;
        if (!is_installed(text) || !cctz::load_time_zone(text, &found)) return false;
        memcpy(&out->rules, &found, sizeof found);
        return true;
    } catch (...) {
        return false;
    }
}

// Adds what lies in the database's folder `in` ("", "America/") and, `levels` deep, in those within. Names begin with a
// capital; what does not is another form of the same (posix/, right/) or a table.
static void add_names(const std::string &in, int levels, std::vector<std::string> *names) {
    DIR *folder = opendir(path_of(in).c_str());
    if (!folder) return;
    while (const dirent *one = readdir(folder)) {
        if (one->d_name[0] < 'A' || one->d_name[0] > 'Z') continue;
        std::string name = in + one->d_name;
        if (is_installed(name)) {
            names->push_back(name);
        } else if (levels > 1) {
            add_names(name + "/", levels - 1, names);
        }
    }
    closedir(folder);
}

tact_str zone_nearest(tact_str name, char room[ZONE_NAME_MAX]) {
    try {
        std::vector<std::string> names;
        add_names("", 3, &names); // America/Argentina/Buenos_Aires
        std::sort(names.begin(), names.end());
        std::string wanted(name.ptr, name.len);
        std::replace(wanted.begin(), wanted.end(), '/', '.'); // names in parts are compared by the last as well
        near n = near_to(tact_str{wanted.data(), wanted.size()});
        for (std::string &one : names) {
            std::replace(one.begin(), one.end(), '/', '.');
            if (one.size() <= ZONE_NAME_MAX) near_offer(&n, tact_str{one.data(), one.size()});
        }
        for (size_t i = 0; i < n.best.len; i++) room[i] = n.best.ptr[i] == '.' ? '/' : n.best.ptr[i];
        return tact_str{room, n.best.len};
    } catch (...) {
        return tact_str{nullptr, 0};
    }
}

int32_t zone_offset(const zone *z, int64_t seconds) {
    if (!z->rules) return z->offset;
    try {
        cctz::time_zone rules;
        memcpy(static_cast<void *>(&rules), &z->rules, sizeof rules);
        return rules.lookup(std::chrono::time_point<std::chrono::system_clock, cctz::seconds>(cctz::seconds(seconds)))
            .offset;
    } catch (...) {
        return 0;
    }
}

int64_t zone_instant(const zone *z, int64_t wall) {
    int64_t first = wall - zone_offset(z, wall - CIVIL_DAY), second = wall - zone_offset(z, wall + CIVIL_DAY);
    // By the offset of the day before and that of the day after: what shows `wall` is right, the earlier one first.
    int64_t early = first < second ? first : second, late = first < second ? second : first;
    if (early + zone_offset(z, early) == wall) return early;
    if (late + zone_offset(z, late) == wall) return late;
    // A gap: it ends between the two, where the offset changes.
    while (late - early > 1) {
        int64_t middle = early + (late - early) / 2;
        if (middle + zone_offset(z, middle) >= wall) {
            late = middle;
        } else {
            early = middle;
        }
    }
    return late;
}
