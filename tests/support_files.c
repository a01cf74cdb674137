/* SPDX-License-Identifier: BSD-3-Clause
 * Files for tests.
 */
#include "support_files.h"

#include <dirent.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_make(folder *f)
{
    const char *place = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%s/grasp-check-XXXXXX", place && *place ? place : P_tmpdir);
    ck_assert_msg(mkdtemp(f->path) != NULL, "cannot make a folder like %s", f->path);
}

const char *folder_path(const folder *f, const char *name)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", f->path, name);
    return path[next];
}

int64_t folder_count(const folder *f)
{
    int64_t n = 0;
    DIR *dir = opendir(f->path);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

void folder_remove(const folder *f)
{
    DIR *dir = opendir(f->path);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            ck_assert_int_eq(remove(folder_path(f, e->d_name)), 0);
    closedir(dir);
    ck_assert_int_eq(rmdir(f->path), 0);
}

void file_write(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

char *file_read(const char *path, size_t *n)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    ck_assert_int_eq(fstat(fileno(file), &about), 0);
    *n = (size_t)about.st_size;
    char *bytes = malloc(*n + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

struct trickle {
    pthread_t thread;
    int end[2];
    const char *bytes;
    size_t n;
    char path[32];
};

static void *pour(void *arg)
{
    trickle *t = arg;
    for (size_t at = 0; at < t->n;) {
        size_t piece = 1 + at % 997;
        ssize_t put = write(t->end[1], t->bytes + at, t->n - at < piece ? t->n - at : piece);
        if (put < 0)
            break;
        at += (size_t)put;
    }
    close(t->end[1]);
    return NULL;
}

bool trickle_open(const void *bytes, size_t n, trickle **out, const char **path)
{
    trickle *t = malloc(sizeof *t);
    ck_assert_ptr_nonnull(t);
    *out = NULL;
    t->bytes = bytes;
    t->n = n;
    ck_assert_int_eq(pipe(t->end), 0);
    snprintf(t->path, sizeof t->path, "/dev/fd/%d", t->end[0]);
    if (access(t->path, R_OK) != 0) {
        printf("skipped: there is no %s\n", t->path);
        fflush(stdout);
        close(t->end[0]);
        close(t->end[1]);
        free(t);
        return false;
    }
    ck_assert_int_eq(pthread_create(&t->thread, NULL, pour, t), 0);
    *path = t->path;
    *out = t;
    return true;
}

void trickle_close(trickle *t)
{
    pthread_join(t->thread, NULL);
    close(t->end[0]);
    free(t);
}

/* Where localedef wrote; "" when an installed locale served. */
static folder made_locale;

static bool comma(const char *name)
{
    return setlocale(LC_ALL, name) != NULL && localeconv()->decimal_point[0] == ',';
}

bool locale_set_comma(void)
{
    static const char *const installed[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                            "fr_FR.UTF-8", "fr_FR.utf8", "da_DK.UTF-8"};
    char command[2 * sizeof made_locale.path + 100];
    made_locale.path[0] = 0;
    for (size_t i = 0; i < sizeof installed / sizeof *installed; i++)
        if (comma(installed[i]))
            return true;
    folder_make(&made_locale);
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >'%s/log' 2>&1", made_locale.path,
             made_locale.path);
    setenv("LOCPATH", made_locale.path, 1);
    if (system(command) == 0 && comma("de_DE.UTF-8"))
        return true;
    locale_restore();
    printf("skipped: there is no locale with a decimal comma, and localedef does not make one\n");
    fflush(stdout);
    return false;
}

void locale_restore(void)
{
    char command[2 * sizeof made_locale.path + 100];
    setlocale(LC_ALL, "C");
    if (!made_locale.path[0])
        return;
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf '%s'", made_locale.path);
    ck_assert_int_eq(system(command), 0);
    made_locale.path[0] = 0;
}
