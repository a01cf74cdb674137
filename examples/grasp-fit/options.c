/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of grasp-fit.
 */
#include "grasp-fit.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: grasp-fit [options]                                   the paper's Synthetic data with 5 % flipped labels\n"
    "       grasp-fit [options] DATA.csv --label COLUMN           a table\n"
    "       grasp-fit [options] --x X.npy --meta M.csv --label COLUMN   an array of features and a table\n"
    "\n"
    "Learns groups from the gradients of the loss (GRASP), trains a model that is good for the worst of them (group "
    "DRO),\n"
    "and says how much that helps. Writes groups.csv: row, split, label, group, outlier.\n"
    "\n"
    "  --label COLUMN       class of each row\n"
    "  --features A,B,...   columns used as features (default: every other column); text columns become indicators\n"
    "  --group COLUMN       known attribute, for judging only: true groups are label x attribute\n"
    "  --split COLUMN       train, val, test or 0, 1, 2 (default: 60/20/20 at random, stratified by label)\n"
    "  --outlier COLUMN     known outliers (1), for judging only\n"
    "  --model KIND         model whose gradients are clustered: logistic, softmax, mlp (default: logistic, softmax)\n"
    "  --final-model KIND   model trained in the end (default: the same; mlp for the built-in data)\n"
    "  --set TEXT           parameters, such as 'infer.eps=0.2,0.3;infer.min_samples=20;gdro.epochs=50' (see "
    "grasp-params)\n"
    "  --raw                do not standardise the features\n"
    "  --seed N             seed of everything random (default 0)\n"
    "  --threads N          threads; 0: all processors (default 0); results do not depend on it\n"
    "  --output FILE        where the groups go (default groups.csv; - for nowhere)\n"
    "  --plot FILE          scores of the classes and their thresholds as a script for gnuplot, which draws FILE.svg\n"
    "  --json               one JSON object on one line instead of text\n"
    "  --quiet              no progress bar\n"
    "  --params             list every parameter and exit\n"
    "  --help, --version\n";

static void list_params(void)
{
    grasp_context *ctx = NULL;
    grasp_params  *p = NULL;
    if (grasp_context_create(NULL, &ctx) != GRASP_OK || grasp_params_create(ctx, "fit", &p) != GRASP_OK)
        fprintf(stderr, "grasp-fit: %s\n", grasp_context_error(ctx));
    for (int64_t i = 0; i < grasp_params_count(p); i++)
        printf("%-28s %s\n%-28s   default %s, range %s\n", grasp_params_name(p, i), grasp_params_help(p, i), "",
               grasp_params_default(p, i), grasp_params_range(p, i));
    grasp_params_free(p);
    grasp_context_free(ctx);
}

static bool whole_number(const char *text, long long lo, long long hi, long long *out)
{
    char *end;
    *out = strtoll(text, &end, 10);
    return *text && !*end && *out >= lo && *out <= hi;
}

static int mistake(const char *what, const char *value)
{
    fprintf(stderr, "grasp-fit: %s%s%s\nTry 'grasp-fit --help'.\n", what, value ? ": " : "", value ? value : "");
    return 2;
}

int options_read(options *o, int argc, char **argv)
{
    enum {
        LABEL = 256,
        FEATURES,
        GROUP,
        SPLIT,
        OUTLIER,
        MODEL,
        FINAL,
        SET,
        RAW,
        SEED,
        THREADS,
        OUTPUT,
        JSON,
        QUIET,
        PARAMS,
        X,
        META,
        PLOT
    };
    static const struct option longs[] = {{"label", 1, 0, LABEL},       {"features", 1, 0, FEATURES},
                                          {"group", 1, 0, GROUP},       {"split", 1, 0, SPLIT},
                                          {"outlier", 1, 0, OUTLIER},   {"model", 1, 0, MODEL},
                                          {"final-model", 1, 0, FINAL}, {"set", 1, 0, SET},
                                          {"raw", 0, 0, RAW},           {"seed", 1, 0, SEED},
                                          {"threads", 1, 0, THREADS},   {"output", 1, 0, OUTPUT},
                                          {"json", 0, 0, JSON},         {"quiet", 0, 0, QUIET},
                                          {"params", 0, 0, PARAMS},     {"x", 1, 0, X},
                                          {"meta", 1, 0, META},         {"help", 0, 0, 'h'},
                                          {"plot", 1, 0, PLOT},
                                          {"version", 0, 0, 'V'},       {0, 0, 0, 0}};
    long long v;
    *o = (options){.output = "groups.csv"};
    for (int c; (c = getopt_long(argc, argv, "hV", longs, NULL)) != -1;) {
        switch (c) {
        case LABEL: o->label = optarg; break;
        case FEATURES: o->features = optarg; break;
        case GROUP: o->group = optarg; break;
        case SPLIT: o->split = optarg; break;
        case OUTLIER: o->outlier = optarg; break;
        case MODEL: o->model = optarg; break;
        case FINAL: o->final_model = optarg; break;
        case SET: o->set = optarg; break;
        case RAW: o->raw = true; break;
        case OUTPUT: o->output = optarg; break;
        case JSON: o->json = true; break;
        case QUIET: o->quiet = true; break;
        case PLOT: o->plot = optarg; break;
        case X: o->x = optarg; break;
        case META: o->meta = optarg; break;
        case SEED:
            if (!whole_number(optarg, 0, INT64_MAX, &v))
                return mistake("--seed wants a whole number from 0", optarg);
            o->seed = (uint64_t)v;
            break;
        case THREADS:
            if (!whole_number(optarg, 0, 1024, &v))
                return mistake("--threads wants a whole number from 0 to 1024", optarg);
            o->threads = (int32_t)v;
            break;
        case PARAMS: list_params(); return 0;
        case 'h': fputs(usage, stdout); return 0;
        case 'V': printf("grasp-fit %s (libgrasp %s)\n", GRASP_VERSION_STRING, grasp_version_string()); return 0;
        default: return mistake("see the message above", NULL);
        }
    }
    if (optind < argc)
        o->csv = argv[optind++];
    if (optind < argc)
        return mistake("one table at a time", argv[optind]);
    if (o->csv && (o->x || o->meta))
        return mistake("give either a table or --x and --meta", NULL);
    if (!o->x != !o->meta)
        return mistake("--x and --meta go together", NULL);
    if ((o->csv || o->x) && !o->label)
        return mistake("--label must name the column that holds the class", NULL);
    if (!o->csv && !o->x && (o->label || o->features || o->group || o->split || o->outlier))
        return mistake("columns are named, but no table is given", NULL);
    if (o->x && o->features)
        return mistake("--features chooses columns of a table; with --x all columns are used", NULL);
    const char *kinds[] = {o->model, o->final_model};
    for (int i = 0; i < 2; i++)
        if (kinds[i] && strcmp(kinds[i], "logistic") && strcmp(kinds[i], "softmax") && strcmp(kinds[i], "mlp"))
            return mistake("a model is logistic, softmax or mlp", kinds[i]);
    return -1;
}
