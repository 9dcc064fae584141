// SPDX-License-Identifier: Apache-2.0
//
// Subtle: files are made and never opened for writing otherwise, so that no key is lost by being written over; and what
// held a secret on the stack is overwritten.
#include "cli/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/cli.h"

enum { FILE_MAX = 200, PATH_MAX_LEN = 4000 }; // bytes of a key's file; of a path
static const char secret_word[] = "tact-secret-key ", public_word[] = "tact-public-key ";

const char *key_file_text(char text[KEY_FILE_TEXT], const uint8_t public_key[SIGN_PUBLIC]) {
    base64_encode(text, (const char *)public_key, SIGN_PUBLIC);
    text[KEY_FILE_TEXT - 1] = '\0';
    return text;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

static bool write_all(int fd, const char *text, size_t len) {
    while (len) {
        ssize_t wrote = write(fd, text, len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text += wrote;
        len -= (size_t)wrote;
    }
    return fsync(fd) == 0;
}

// A new file of one line.
static int make_file(const char *path, mode_t mode, const char *word, const uint8_t *key, size_t key_len) {
    char line[FILE_MAX];
    size_t len = strlen(word), text = base64_len(key_len);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        bool there = errno == EEXIST;
        cli_complain("%s: %s", path,
                     there ? "there is such a file already; a key is never written over" : strerror(errno));
        return there ? CLI_FAILED : CLI_UNREACHABLE;
    }
    (void)snprintf(line, sizeof line, "%s", word);
    base64_encode(line + len, (const char *)key, key_len);
    line[len + text] = '\n';
    bool wrote = write_all(fd, line, len + text + 1);
    int number = errno;
    sign_forget(line, sizeof line);
    if (close(fd) == 0 && wrote) return CLI_OK;
    cli_complain("%s: %s", path, strerror(number));
    (void)unlink(path);
    return CLI_UNREACHABLE;
}

int key_file_new(const char *path, uint8_t public_key[SIGN_PUBLIC]) {
    uint8_t secret[SIGN_SECRET];
    char public_path[PATH_MAX_LEN];
    tact_error error;
    int len = snprintf(public_path, sizeof public_path, "%s.pub", path);
    if (len < 0 || (size_t)len >= sizeof public_path) return cli_complain("`%s` is too long for a path", path);
    if (sign_keys(secret, public_key, &error)) {
        cli_complain("%s", error.text);
        return CLI_UNREACHABLE;
    }
    int code = make_file(public_path, 0644, public_word, public_key, SIGN_PUBLIC);
    if (!code) {
        code = make_file(path, 0600, secret_word, secret, SIGN_SECRET);
        if (code) (void)unlink(public_path); // which nobody could use
    }
    sign_forget(secret, sizeof secret);
    return code;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// The text of a small file, with a final zero, or -1 after a complaint.
static ssize_t read_file(const char *path, bool private_, char text[FILE_MAX + 1]) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_complain("%s: %s", path, strerror(errno));
        if (fd >= 0) (void)close(fd);
        return -1;
    }
    ssize_t len = read(fd, text, FILE_MAX);
    if (len < 0) cli_complain("%s: %s", path, strerror(errno));
    text[len < 0 ? 0 : len] = '\0';
    (void)close(fd);
    bool open_to_others = len >= 0 && S_ISREG(st.st_mode) && (st.st_mode & 077);
    if (!private_ || !open_to_others || strncmp(text, public_word, strlen(public_word)) == 0) return len;
    cli_complain("%s: others may read this secret key (mode %04o); make it yours alone: chmod 600 %s", path,
                 (unsigned)(st.st_mode & 07777), path);
    sign_forget(text, FILE_MAX + 1);
    return -1;
}

static bool decode(tact_str text, uint8_t *key, size_t key_len) {
    uint8_t room[FILE_MAX];
    size_t bad;
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) text.len--;
    bool fits = text.len <= sizeof room && base64_decode((char *)room, text, &bad) == key_len;
    if (fits) memcpy(key, room, key_len);
    sign_forget(room, sizeof room);
    return fits;
}

static bool read_key(const char *path, bool private_, uint8_t *key, size_t key_len) {
    char text[FILE_MAX + 1];
    const char *word = private_ ? secret_word : public_word, *other = private_ ? public_word : secret_word;
    ssize_t len = read_file(path, private_, text);
    if (len < 0) return false;
    bool begins = strncmp(text, word, strlen(word)) == 0;
    bool well = begins && decode(tact_str_from(text + strlen(word)), key, key_len);
    if (!well && strncmp(text, other, strlen(other)) == 0) {
        cli_complain("%s: this is the %s key; the %s one is needed", path, private_ ? "public" : "secret",
                     private_ ? "secret" : "public");
    } else if (!well) {
        cli_complain("%s: this is no %s key, which `tact key new` makes", path, private_ ? "secret" : "public");
    }
    sign_forget(text, sizeof text);
    return well;
}

bool key_file_secret(const char *path, uint8_t secret[SIGN_SECRET]) {
    uint8_t public_key[SIGN_PUBLIC];
    if (!read_key(path, true, secret, SIGN_SECRET)) return false;
    if (sign_public_of(secret, public_key)) return true;
    cli_complain("%s: this secret key is damaged", path);
    return false;
}

bool key_file_is_text(const char *text, uint8_t public_key[SIGN_PUBLIC]) {
    size_t word = strncmp(text, public_word, strlen(public_word)) == 0 ? strlen(public_word) : 0;
    return decode(tact_str_from(text + word), public_key, SIGN_PUBLIC);
}

bool key_file_public(const char *text, uint8_t public_key[SIGN_PUBLIC]) {
    return key_file_is_text(text, public_key) || read_key(text, false, public_key, SIGN_PUBLIC);
}
