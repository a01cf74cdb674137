/* SPDX-License-Identifier: BSD-3-Clause
 * The second file of check_hpp: errors by std::error_code alone, so that it compiles with -fno-exceptions.
 */
#include "check_hpp.h"

int other_file()
{
    std::error_code     code;
    grasp::context      ctx(code);
    std::vector<double> f;
    std::int64_t        y[40];
    for (int i = 0; i < 40; ++i) {
        y[i] = i % 2;
        f.push_back(i / 2 % 2);
        f.push_back(1 - i / 2 % 2);
    }
    grasp::gradients wrong = grasp::gradients::from_rows(ctx, 40, 3, f, code);
    if (wrong || code != grasp::errc::dimension)
        return -1;
    grasp::gradients g = grasp::gradients::from_rows(ctx, 40, 2, f, code);
    if (code)
        return -2;
    grasp::inference found = grasp::infer(ctx, g, y, "eps=0.1;min_samples=5", nullptr, nullptr, code);
    if (code)
        return -3;
    grasp::groups groups = found.groups(ctx, code);
    return code ? -4 : static_cast<int>(groups.count());
}
