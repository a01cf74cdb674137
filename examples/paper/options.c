/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of grasp-paper.
 */
#include "paper.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: grasp-paper [options]\n"
    "\n"
    "Regenerates the tables and figures of Zeng et al. 2022, \"Outlier-Robust Group Inference via Gradient Space "
    "Clustering\".\n"
    "\n"
    "  --honest             converged gradient model, several seeds, floors beside every cell (default)\n"
    "  --published          the authors' code: grid, silhouette, gradients, checkpoint, group definitions\n"
    "  --check              the published protocol beside another implementation's results, cell by cell, with "
    "verdicts\n"
    "  --quick              Synthetic and COMPAS, few seeds, short training, no heat maps of accuracy\n"
    "  --only LIST          of synthetic, compas, waterbirds, files, table1 ... table6, figure1 ... figure8\n"
    "  --seeds N            seeds (default 10; --quick 2)\n"
    "  --json               one JSON object on one line instead of text\n"
    "  --output FOLDER      write results.csv, tables.txt, results.json and the figures there\n"
    "  --resume FOLDER      the same, going on from what an interrupted run left there\n"
    "  --data FOLDER        holds compas/ and waterbirds/ (default ../shared/data); absent sets are skipped, aloud\n"
    "  --x X.npy --meta M.csv [--gradients G.npy]   your own embeddings, columns label, group, split, and gradients\n"
    "  --threads N          threads; 0: all processors (default 0); results do not depend on it\n"
    "  --quiet              no progress\n"
    "  --help, --version\n";

static int mistake(const char *what, const char *value)
{
    fprintf(stderr, "grasp-paper: %s%s%s\nTry 'grasp-paper --help'.\n", what, value ? ": " : "", value ? value : "");
    return 2;
}

static const char *const sets[] = {"synthetic", "compas", "waterbirds", "files"};
static const char *const parts[] = {"table1",  "table2",  "table3",  "table4",  "table5",  "table6",  "figure1",
                                    "figure2", "figure3", "figure4", "figure5", "figure6", "figure7", "figure8"};
enum { SETS = sizeof sets / sizeof *sets, PARTS = sizeof parts / sizeof *parts };

static bool among(const char *const *names, int n, const char *word, size_t length)
{
    for (int i = 0; i < n; i++)
        if (strlen(names[i]) == length && !strncmp(names[i], word, length))
            return true;
    return false;
}

/* Is `name` asked for: listed, or none of its kind listed? */
static bool wanted(const char *list, const char *const *kind, int n, const char *name)
{
    bool any = false;
    for (const char *at = list; at && *at;) {
        const size_t length = strcspn(at, ",");
        if (strlen(name) == length && !strncmp(at, name, length))
            return true;
        any |= among(kind, n, at, length);
        at += length + (at[length] == ',');
    }
    return !any;
}

bool wanted_set(const options *o, const char *set)
{
    return wanted(o->only, sets, SETS, set);
}

bool names_set(const options *o, const char *set)
{
    return o->only && wanted_set(o, set) && !wanted_set(o, "");
}

bool wanted_part(const options *o, const char *part)
{
    return wanted(o->only, parts, PARTS, part);
}

static bool whole_number(const char *text, long long lo, long long hi, long long *out)
{
    char *end;
    *out = strtoll(text, &end, 10);
    return *text && !*end && *out >= lo && *out <= hi;
}

/* What the options mean together; -1 if they do. */
static int settle(options *o)
{
    for (const char *at = o->only; at && *at;) {
        const size_t length = strcspn(at, ",");
        if (!among(sets, SETS, at, length) && !among(parts, PARTS, at, length))
            return mistake("--only knows synthetic, compas, waterbirds, files, table1 ... table6, figure1 ... figure8",
                           at);
        if (o->check && !among(sets, SETS, at, length))
            return mistake("--check has sets, and no tables or figures", at);
        at += length + (at[length] == ',');
    }
    if (!o->x != !o->meta)
        return mistake("--x and --meta go together", NULL);
    if (o->gradients && !o->x)
        return mistake("--gradients needs --x and --meta", NULL);
    if (!o->x && names_set(o, "files"))
        return mistake("the set files needs --x and --meta", NULL);
    if (!o->seeds)
        o->seeds = o->quick ? 2 : 10;
    return -1;
}

int options_read(options *o, int argc, char **argv)
{
    enum {
        HONEST = 256,
        PUBLISHED,
        CHECK,
        QUICK,
        ONLY,
        SEEDS,
        JSON,
        OUTPUT,
        RESUME,
        DATA,
        X,
        META,
        GRADIENTS,
        THREADS,
        QUIET
    };
    static const struct option longs[] = {{"honest", 0, 0, HONEST},   {"published", 0, 0, PUBLISHED},
                                          {"check", 0, 0, CHECK},     {"quick", 0, 0, QUICK},     {"only", 1, 0, ONLY},
                                          {"seeds", 1, 0, SEEDS},     {"json", 0, 0, JSON},
                                          {"output", 1, 0, OUTPUT},   {"resume", 1, 0, RESUME},
                                          {"data", 1, 0, DATA},       {"x", 1, 0, X},
                                          {"meta", 1, 0, META},       {"gradients", 1, 0, GRADIENTS},
                                          {"threads", 1, 0, THREADS}, {"quiet", 0, 0, QUIET},
                                          {"help", 0, 0, 'h'},        {"version", 0, 0, 'V'},
                                          {0, 0, 0, 0}};
    long long v;
    *o = (options){.data = "../shared/data"};
    for (int c; (c = getopt_long(argc, argv, "hV", longs, NULL)) != -1;) {
        switch (c) {
        case HONEST: o->published = o->check = false; break;
        case PUBLISHED: o->published = true; break;
        case CHECK: o->published = o->check = true; break;
        case QUICK: o->quick = true; break;
        case ONLY: o->only = optarg; break;
        case JSON: o->json = true; break;
        case OUTPUT: o->output = optarg; break;
        case RESUME:
            o->output = optarg;
            o->resume = true;
            break;
        case DATA: o->data = optarg; break;
        case X: o->x = optarg; break;
        case META: o->meta = optarg; break;
        case GRADIENTS: o->gradients = optarg; break;
        case QUIET: o->quiet = true; break;
        case SEEDS:
            if (!whole_number(optarg, 1, PAPER_SEED, &v))
                return mistake("--seeds wants a whole number from 1 to 123", optarg);
            o->seeds = v;
            break;
        case THREADS:
            if (!whole_number(optarg, 0, 1024, &v))
                return mistake("--threads wants a whole number from 0 to 1024", optarg);
            o->threads = (int32_t)v;
            break;
        case 'h': fputs(usage, stdout); return 0;
        case 'V': printf("grasp-paper %s (libgrasp %s)\n", GRASP_VERSION_STRING, grasp_version_string()); return 0;
        default: return mistake("see the message above", NULL);
        }
    }
    if (optind < argc)
        return mistake("no such argument", argv[optind]);
    return settle(o);
}
