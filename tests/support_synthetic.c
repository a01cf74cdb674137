/* SPDX-License-Identifier: BSD-3-Clause
 * Reading the fixtures of the Synthetic data.
 */
#include "support_synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fixtures were written in the C locale, which tests run in: scanf reads them exactly. */

synthetic *synthetic_read(const char *data)
{
    char path[80], split[16];
    double x1, x2;
    long y, a, g, outlier;
    synthetic *d = calloc(1, sizeof *d);
    snprintf(path, sizeof path, "tests/data/synthetic_%s_gradients.csv", data);
    fixture *gradients = fixture_read(path);
    d->n = gradients->rows;
    ck_assert_int_eq(gradients->cols, 6);
    d->gradients = gradients->values;
    gradients->values = NULL;
    fixture_free(gradients);
    d->features = calloc((size_t)d->n, 2 * sizeof(double));
    int64_t **columns[] = {&d->y, &d->a, &d->outlier, &d->true4, &d->true6};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        *columns[c] = calloc((size_t)d->n, sizeof(int64_t));
    snprintf(path, sizeof path, "tests/data/synthetic_%s.csv", data);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    ck_assert_int_eq(fscanf(file, "%*[^\n]"), 0); /* the names */
    int64_t i = 0;
    while (fscanf(file, "%lf,%lf,%ld,%ld,%ld,%15[a-z],%ld", &x1, &x2, &y, &a, &g, split, &outlier) == 7) {
        if (strcmp(split, "test") == 0)
            continue;
        ck_assert(i < d->n);
        d->features[2 * i] = x1;
        d->features[2 * i + 1] = x2;
        d->y[i] = y;
        d->a[i] = a;
        d->outlier[i] = outlier;
        d->true4[i] = a + 2 * y;
        d->true6[i] = (outlier ? 2 : a) + 3 * y;
        i++;
    }
    fclose(file);
    ck_assert_int_eq(i, d->n);
    return d;
}

void synthetic_free(synthetic *d)
{
    free(d->features);
    free(d->gradients);
    free(d->y);
    free(d->a);
    free(d->outlier);
    free(d->true4);
    free(d->true6);
    free(d);
}

/* Opens a fixture. */
static FILE *open_fixture(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    return file;
}

expected_setting *expected_grid(const char *data, const char *rows, const char *metric)
{
    FILE *file = open_fixture("tests/data/expected_grid.txt");
    expected_setting *grid = calloc(EXPECTED_SETTINGS, sizeof *grid), s;
    char word[3][16];
    int64_t n = 0;
    while (fscanf(file, "%15s %15s %15s %" SCNd64 " %lf %" SCNd64 " %" SCNd64 " %" SCNd64 " %lf %lf", word[0], word[1],
                  word[2], &s.label, &s.eps, &s.min_samples, &s.n_clusters, &s.n_noise, &s.silhouette, &s.ari) == 10)
        if (strcmp(word[0], data) == 0 && strcmp(word[1], rows) == 0 && strcmp(word[2], metric) == 0) {
            ck_assert(n < EXPECTED_SETTINGS);
            grid[n++] = s;
        }
    fclose(file);
    ck_assert_int_eq(n, EXPECTED_SETTINGS);
    return grid;
}

expected_choice *expected_chosen(const char *data, const char *rows, const char *metric)
{
    FILE *file = open_fixture("tests/data/expected_chosen.txt");
    expected_choice *c = calloc(1, sizeof *c);
    char word[3][16];
    bool found = false;
    int64_t n;
    while (!found && fscanf(file, "%15s %15s %15s %lf %" SCNd64 " %lf %lf %" SCNd64 " %lf %lf %lf %" SCNd64, word[0],
                            word[1], word[2], &c->eps[0], &c->min_samples[0], &c->silhouette[0], &c->eps[1],
                            &c->min_samples[1], &c->silhouette[1], &c->ari4, &c->ari6, &n) == 12) {
        ck_assert_int_eq(n, 800);
        for (int64_t i = 0; i < n; i++)
            ck_assert_int_eq(fscanf(file, "%" SCNd64, &c->label[i]), 1);
        found = strcmp(word[0], data) == 0 && strcmp(word[1], rows) == 0 && strcmp(word[2], metric) == 0;
    }
    fclose(file);
    ck_assert(found);
    return c;
}

expected_kmeans expected_kmeans_of(const char *data, const char *rows, int64_t k)
{
    FILE *file = open_fixture("tests/data/expected_kmeans.txt");
    expected_kmeans e = {{0, 0}, 0, 0};
    char word[2][16];
    int64_t found_k = 0;
    bool found = false;
    while (!found && fscanf(file, "%15s %15s %" SCNd64 " %lf %lf %lf %lf", word[0], word[1], &found_k, &e.inertia[0],
                            &e.inertia[1], &e.ari4, &e.ari6) == 7)
        found = strcmp(word[0], data) == 0 && strcmp(word[1], rows) == 0 && found_k == k;
    fclose(file);
    ck_assert(found);
    return e;
}
