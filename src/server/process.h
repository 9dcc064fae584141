// SPDX-License-Identifier: Apache-2.0
//
// What the system says of this process.
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct process_figures {
    uint64_t resident_bytes;  // in memory
    uint64_t anonymous_bytes; // of these, what is no file's
    uint64_t virtual_bytes;   // of address space
    uint64_t threads;
    uint64_t open_files, open_files_max;
    double cpu_seconds; // of all threads, in the program and in the kernel
} process_figures;

// As of now; takes some ten microseconds, and more with thousands of open files. False: the system does not say. From
// any thread.
bool process_read(process_figures *out);

#endif
