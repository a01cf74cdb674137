/* SPDX-License-Identifier: BSD-3-Clause
 * What training costs: an Adam step of the paper's perceptron (batch 128, float32) beside PyTorch's, per-sample
 * gradients as factors, the full-batch objective of a linear model, and certified group DRO. CPU time of one thread,
 * medians of paired runs.
 *
 * The peer is bench/train_torch.py under $PYTHON3 or python3, a child that answers each question with one number; it is
 * left out when there is no PyTorch.
 */
#include <grasp.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 8192, BATCH = 128, EPOCHS = 4, STEPS = EPOCHS * ROWS / BATCH, FACTOR_ROWS = 1 << 17, RUNS = 5 };

typedef struct problem {
    grasp_matrix *x;
    grasp_model *model;
    grasp_groups *groups;
} problem;

static grasp_context *ctx;

static void need(grasp_status s)
{
    if (s >= GRASP_OK)
        return;
    fprintf(stderr, "bench-train: %s\n", grasp_context_error(ctx));
    exit(1);
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double random_unit(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* Points around 0, a class by the sign of their sum with a tenth turned over, a group by class and one feature. */
static problem make(int32_t dtype, int64_t n, int64_t d)
{
    problem p = {NULL, NULL, NULL};
    int64_t *y = malloc((size_t)n * sizeof *y), *group = malloc((size_t)n * sizeof *group);
    need(grasp_matrix_create(ctx, dtype, n, d, &p.x));
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++) {
            double v = 2 * random_unit() - 1;
            if (dtype == GRASP_F32)
                ((float *)grasp_matrix_data(p.x))[i * grasp_matrix_row_stride(p.x) + j] = (float)v;
            else
                ((double *)grasp_matrix_data(p.x))[i * grasp_matrix_row_stride(p.x) + j] = v;
            sum += v;
        }
        y[i] = (sum > 0) != (random_unit() < 0.1);
        group[i] = 2 * y[i] + (random_unit() < 0.3);
    }
    if (dtype == GRASP_F32)
        need(grasp_model_create_mlp(ctx, (int64_t[]){d, 50, 50, 50, 2}, 5, NULL, &p.model));
    else
        need(grasp_model_create_logistic(ctx, d, &p.model));
    need(grasp_model_bind(ctx, p.model, p.x, y, n));
    need(grasp_groups_create_coded(ctx, group, n, &p.groups));
    free(y);
    free(group);
    return p;
}

static void drop(problem *p)
{
    grasp_groups_free(p->groups);
    grasp_model_free(p->model);
    grasp_matrix_free(p->x);
}

static grasp_params *params(const char *algorithm, const char *text)
{
    grasp_params *p;
    need(grasp_params_create(ctx, algorithm, &p));
    need(grasp_params_parse(ctx, p, text));
    return p;
}

/* ---- PyTorch ----------------------------------------------------------------------------------------------------- */

typedef struct peer {
    FILE *ask, *answer; /* NULL: there is none */
    char name[64];
} torch;

static torch find_torch(void)
{
    torch p = {NULL, NULL, ""};
    int to[2], from[2];
    const char *python = getenv("PYTHON3");
    signal(SIGPIPE, SIG_IGN);
    if (pipe(to) != 0 || pipe(from) != 0)
        return p;
    if (fork() == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        python = python ? python : "python3";
        execlp(python, python, "bench/train_torch.py", (char *)NULL); /* by its name a virtual one finds itself */
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    p.ask = fdopen(to[1], "w");
    p.answer = fdopen(from[0], "r");
    if (!p.ask || !p.answer || !fgets(p.name, sizeof p.name, p.answer))
        p.ask = p.answer = NULL;
    for (char *c = p.name; *c; c++)
        if (*c == '\n')
            *c = 0;
    return p;
}

static double ask(torch *p, const char *kind, int64_t inputs)
{
    double microseconds = 0;
    fprintf(p->ask, "%s %d %d\n", kind, (int)inputs, STEPS);
    fflush(p->ask);
    if (fscanf(p->answer, "%lf", &microseconds) != 1)
        p->ask = NULL;
    return microseconds;
}

/* ---- measuring --------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v)
{
    qsort(v, RUNS, sizeof *v, by_value);
    return v[RUNS / 2];
}

static void steps(torch *peer, const char *kind, int64_t inputs)
{
    double ours[RUNS], theirs[RUNS], ratio[RUNS];
    char text[96];
    problem p = make(GRASP_F32, ROWS, inputs);
    snprintf(text, sizeof text, "optimizer=adam;epochs=%d;rate=0.001;weight_decay=0%s", EPOCHS,
             kind[0] == 'e' ? "" : ";step=0.01"); /* one candidate */
    grasp_params *o = params(kind, text);
    for (int r = 0; r < RUNS; r++) {
        double start = cpu_seconds();
        if (kind[0] == 'e')
            need(grasp_train_erm(ctx, p.model, NULL, ROWS, NULL, 0, o, NULL));
        else
            need(grasp_train_gdro(ctx, p.model, p.groups, NULL, ROWS, NULL, 0, o, NULL));
        ours[r] = 1e6 * (cpu_seconds() - start) / STEPS;
        theirs[r] = peer->ask ? ask(peer, kind, inputs) : 0;
        ratio[r] = theirs[r] / ours[r];
    }
    double least, most;
    printf("%-4s step, %2d-50-50-50-2   %8.1f us", kind, (int)inputs, median(ours));
    if (peer->ask) {
        printf("   PyTorch %8.1f us", median(theirs));
        median(ratio), least = ratio[0], most = ratio[RUNS - 1];
        printf("   ratio %.1f (%.1f to %.1f)", ratio[RUNS / 2], least, most);
    }
    printf("\n");
    fflush(stdout);
    grasp_params_free(o);
    drop(&p);
}

static void factors(int64_t inputs)
{
    double rate[RUNS];
    problem p = make(GRASP_F32, FACTOR_ROWS, inputs);
    grasp_params *o = params("gradients", "form=factored");
    for (int r = 0; r < RUNS; r++) {
        grasp_gradients *g;
        double start = cpu_seconds();
        need(grasp_gradients_compute(ctx, p.model, NULL, FACTOR_ROWS, o, &g));
        rate[r] = FACTOR_ROWS / (cpu_seconds() - start);
        grasp_gradients_free(g);
    }
    printf("factors,   %2d-50-50-50-2   %8.3f million samples/s\n", (int)inputs, 1e-6 * median(rate));
    grasp_params_free(o);
    drop(&p);
}

static void full_batch(int64_t n, int64_t d)
{
    enum { ITERATIONS = 10 };
    double each[RUNS];
    problem p = make(GRASP_F64, n, d);
    grasp_params *o = params("erm", "optimizer=lbfgs;iterations=10;gradient_norm=0");
    for (int r = 0; r < RUNS; r++) {
        need(grasp_model_init(ctx, p.model, 0));
        double start = cpu_seconds();
        need(grasp_train_erm(ctx, p.model, NULL, n, NULL, 0, o, NULL));
        each[r] = (cpu_seconds() - start) / ITERATIONS;
    }
    double middle = median(each);
    printf("L-BFGS iteration, %d x %-5d %7.2f ms   %.1f GB/s if it reads the data twice\n", (int)n, (int)d,
           1e3 * middle, 1e-9 * 2 * 8 * (double)(n * d) / middle);
    grasp_params_free(o);
    drop(&p);
}

/* Group DRO of a linear model to a duality gap of 1e-8, four groups. */
static void certified(int64_t n, int64_t d)
{
    double each[RUNS], gap = 0, iterations = 0;
    problem p = make(GRASP_F64, n, d);
    for (int r = 0; r < RUNS; r++) {
        grasp_report *report;
        need(grasp_model_init(ctx, p.model, 0));
        double start = cpu_seconds();
        need(grasp_train(ctx, "gdro_certified", p.model, p.groups, NULL, n, NULL, 0, NULL, &report));
        each[r] = cpu_seconds() - start;
        need(grasp_report_value(ctx, report, "gap", &gap));
        need(grasp_report_value(ctx, report, "epochs", &iterations));
        grasp_report_free(report);
    }
    printf("certified group DRO, %d x %-5d %7.2f ms   %g Newton steps, gap %.1e\n", (int)n, (int)d, 1e3 * median(each),
           iterations, gap);
    drop(&p);
}

int main(void)
{
    if (grasp_context_create(NULL, &ctx) != GRASP_OK)
        return 1;
    (void)grasp_blas_set_threads(1);
    torch peer = find_torch();
    printf("training, one thread, CPU time, median of %d; kernels %s; peer: %s\n", RUNS, grasp_context_kernel(ctx),
           peer.ask ? peer.name : "none, PyTorch was not found");
    for (int64_t inputs = 12; inputs >= 6; inputs -= 6) {
        steps(&peer, "erm", inputs);
        steps(&peer, "gdro", inputs);
    }
    factors(12);
    factors(6);
    full_batch(4795, 64);
    full_batch(4795, 1280);
    certified(600, 2);
    certified(4795, 64);
    grasp_context_free(ctx);
    return 0;
}
