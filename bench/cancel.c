/* SPDX-License-Identifier: BSD-3-Clause
 * How long the library's long calls go on after they were cancelled: cancel [n], default 1,000,000 samples. Each call
 * is cancelled at several moments, from another thread and from a signal handler; the worst counts. Processor time of
 * one thread is what the call still did, the time that passed also what else ran on the machine.
 */
#include "calls.h"
#include "harness.h"

int main(int argc, char **argv)
{
    static const double delays[] = {0.005, 0.05, 0.2, 0.6, 1.5};
    calls_data data;
    bench_open();
    bench_need(calls_open(bench_context, argc > 1 ? bench_integer(argv[1]) : 1000000, &data));
    printf("%-32s %12s %12s\n", "milliseconds after a cancel", "processor", "passed");
    for (int i = 0; calls_name(i); i++) {
        double worst_cpu = 0, worst_wall = 0;
        int cancelled = 0;
        for (int k = 0; k < 10; k++) {
            double cpu, wall;
            if (calls_cancel(bench_context, &data, i, delays[k / 2], k % 2, &cpu, &wall) != GRASP_CANCELLED)
                continue;
            cancelled = 1;
            worst_cpu = cpu > worst_cpu ? cpu : worst_cpu;
            worst_wall = wall > worst_wall ? wall : worst_wall;
        }
        if (cancelled)
            printf("%-32s %12.1f %12.1f\n", calls_name(i), 1e3 * worst_cpu, 1e3 * worst_wall);
        else
            printf("%-32s %25s\n", calls_name(i), "done before");
        fflush(stdout);
    }
    calls_close(&data);
    grasp_context_free(bench_context);
    return 0;
}
