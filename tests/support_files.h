/* SPDX-License-Identifier: BSD-3-Clause
 * Files for tests: a folder of its own for a test, bytes in and out, and a pipe that gives them in small pieces.
 */
#ifndef GRASP_TESTS_SUPPORT_FILES_H
#define GRASP_TESTS_SUPPORT_FILES_H

#include "support.h"

/* A new empty folder; files in it are found by folder_path(), whose result is valid until its fourth next call. */
typedef struct folder {
    char path[256];
} folder;

void folder_make(folder *f);
const char *folder_path(const folder *f, const char *name);
/* Entries in it. */
int64_t folder_count(const folder *f);
/* Removes it and the files in it. */
void folder_remove(const folder *f);

void file_write(const char *path, const void *bytes, size_t n);
/* The whole file; free() it. NULL if it is not there. */
char *file_read(const char *path, size_t *n);

/* A path that reads as a pipe which another thread fills in small odd pieces; false, and "skipped: ...", where the
 * system has no such paths. Close it after reading. */
typedef struct trickle trickle;
bool trickle_open(const void *bytes, size_t n, trickle **out, const char **path);
void trickle_close(trickle *t);

/* Sets a locale whose decimal separator is a comma: an installed one, or one made by localedef for the time being;
 * false, and "skipped: ...", where there is neither. locale_restore() sets "C" again and removes what was made. */
bool locale_set_comma(void);
void locale_restore(void);

#endif
