/* SPDX-License-Identifier: BSD-3-Clause
 * Prints grasp-params(7) from the tables of parameters, so that the page cannot say anything else than the library.
 * `make params-page` writes it, tools/check-params compares.
 */
#include <grasp.h>

#include <stdio.h>
#include <string.h>

static const char *const opening = //
    ".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
    ".\\\" Printed by tools/params-page.c from the tables of parameters: change those, not this.\n"
    ".Dd November 22, 2026\n"
    ".Dt GRASP-PARAMS 7\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm grasp-params\n"
    ".Nd parameters of every algorithm of libgrasp\n"
    ".Sh DESCRIPTION\n"
    "An algorithm has named parameters, each with a type, a default and a range.\n"
    "The names are the same in C\n"
    ".Pq Fn grasp_params_set_f64 ,\n"
    "in C++, Python and Julia, and in the text form that\n"
    ".Fn grasp_params_parse\n"
    "and\n"
    ".Xr grasp-fit 1\n"
    "read:\n"
    ".Pp\n"
    ".Dl eps=0.1,0.2;min_samples=5,10;metric=cosine\n"
    ".Pp\n"
    "Where a list is expected one number is a list of one.\n"
    "A whole number may be given for any number.\n"
    "A truth value is 0 or 1, in text also\n"
    ".Ql true\n"
    "or\n"
    ".Ql false .\n"
    "A name that no parameter has is an error that proposes the nearest one, and so is a value out of range.\n"
    "Numbers are read in the same way in every locale.\n"
    ".Pp\n"
    "The parameters of an algorithm that is made of others begin with the name of the part and a dot, such as\n"
    ".Cm gdro.rate\n"
    "of\n"
    ".Sx fit .\n"
    "What is said of a part below holds for them, but where they stand there with a default of their own.\n"
    ".Pp\n"
    "The functions that use an algorithm are in the page of their header; what a parameter does is told there at "
    "length.\n";

static const char *const closing = //
    ".Sh SEE ALSO\n"
    ".Xr grasp-fit 1 ,\n"
    ".Xr grasp 3 ,\n"
    ".Xr grasp.hpp 3 ,\n"
    ".Xr grasp_api 3 ,\n"
    ".Xr grasp_base 3\n";

/* One line of running text: backslashes and hyphens as such, no macro at its beginning. */
static void print_text(const char *text, const char *end)
{
    if (*text == '.' || *text == '\'')
        printf("\\&");
    for (; *text; text++)
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-' && (text[1] >= '0' && text[1] <= '9'))
            printf("\\-");
        else
            putchar(*text);
    printf("%s\n", end);
}

static const char *type_name(int32_t type)
{
    switch (type) {
    case GRASP_PARAM_F64:
        return "number";
    case GRASP_PARAM_I64:
        return "whole number";
    case GRASP_PARAM_BOOL:
        return "0 or 1";
    case GRASP_PARAM_F64S:
        return "numbers";
    case GRASP_PARAM_I64S:
        return "whole numbers";
    default:
        return "word";
    }
}

/* Is parameter i of `whole` what the algorithm named before its first dot has, default included? */
static int is_of_part(grasp_context *ctx, const grasp_params *whole, int64_t i, const char *name)
{
    const char *dot = strchr(name, '.');
    char part[64];
    grasp_params *params = NULL;
    int same = 0;
    if (!dot || (size_t)(dot - name) >= sizeof part)
        return 0;
    memcpy(part, name, (size_t)(dot - name));
    part[dot - name] = 0;
    if (grasp_params_create(ctx, part, &params) == GRASP_OK)
        for (int64_t j = 0; j < grasp_params_count(params) && !same; j++)
            same = !strcmp(grasp_params_name(params, j), dot + 1) &&
                   !strcmp(grasp_params_default(params, j), grasp_params_default(whole, i)) &&
                   !strcmp(grasp_params_range(params, j), grasp_params_range(whole, i));
    grasp_params_free(params);
    return same;
}

static void print_algorithm(grasp_context *ctx, const char *name, const grasp_params *params)
{
    char parts[256] = "";
    int listed = 0;
    printf(".Ss %s\n", name);
    for (int64_t i = 0; i < grasp_params_count(params); i++) {
        const char *key = grasp_params_name(params, i), *dot = strchr(key, '.');
        if (is_of_part(ctx, params, i, key)) {
            size_t n = strlen(parts), length = (size_t)(dot - key);
            char line[80];
            snprintf(line, sizeof line, ".Sx %.*s\n", (int)length, key);
            if (!strstr(parts, line) && n + strlen(line) < sizeof parts)
                memcpy(parts + n, line, strlen(line) + 1);
            continue;
        }
        if (!listed++)
            printf(".Bl -tag -width Ds\n");
        printf(".It Cm %s Pq %s\n", key, type_name(grasp_params_type(params, i)));
        print_text(grasp_params_help(params, i), ".");
        printf("%s\n.Ql ", grasp_params_type(params, i) == GRASP_PARAM_STR ? "One of" : "In");
        print_text(grasp_params_range(params, i), " .");
        printf("Default:\n.Ql ");
        print_text(grasp_params_default(params, i), " .");
    }
    if (listed)
        printf(".El\n");
    if (parts[0])
        printf("%sParts, whose parameters stand under their names:\n%s", listed ? ".Pp\n" : "", parts);
    else if (!listed)
        printf("None.\n");
}

int main(void)
{
    grasp_context *ctx = NULL;
    grasp_status s = grasp_context_create(NULL, &ctx);
    fputs(opening, stdout);
    printf(".Sh ALGORITHMS\n");
    for (int64_t a = 0; s == GRASP_OK && a < grasp_algorithm_count(); a++) {
        grasp_params *params = NULL;
        s = grasp_params_create(ctx, grasp_algorithm_name(a), &params);
        if (s == GRASP_OK)
            print_algorithm(ctx, grasp_algorithm_name(a), params);
        grasp_params_free(params);
    }
    fputs(closing, stdout);
    if (s != GRASP_OK)
        fprintf(stderr, "%s\n", grasp_context_error(ctx));
    grasp_context_free(ctx);
    return s != GRASP_OK;
}
