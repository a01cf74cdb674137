/* SPDX-License-Identifier: BSD-3-Clause
 * Gradients in, groups out, in C++11: the program of infer.c, and new samples sorted into the groups found.
 *
 *     c++ infer.cpp $(pkg-config --cflags --libs grasp)
 */
#include <grasp.hpp>

#include <iostream>

int main()
{
    const std::int64_t        n = 303, p = 4;
    std::vector<double>       f; /* n x p, row by row, from any framework; here made up */
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < n; ++i) {
        std::int64_t direction = i >= n - 3 ? 3 : i % 3 == 0;
        y.push_back(i / 3 % 2);
        for (std::int64_t k = 0; k < p; ++k)
            f.push_back((k == direction ? 1 : 0) + 0.02 * static_cast<double>((i * (k + 3) + k) % 11));
    }
    try {
        grasp::context   ctx;
        grasp::gradients gradients = grasp::gradients::from_rows(ctx, n, p, f);
        grasp::inference found = grasp::infer(ctx, gradients, y, "eps=0.1,0.2,0.3;min_samples=5,10");
        grasp::groups    groups = found.groups(ctx);

        for (std::int64_t g = 0; g < groups.count(); ++g)
            std::cout << "group " << g << ": " << groups.size(g) << " samples\n";
        std::cout << "outliers: " << groups.noise() << '\n';
        for (std::int64_t c = 0; c < found.n_classes(); ++c) {
            grasp::class_choice choice = found.choice(ctx, c);
            std::cout << "class " << choice.label << ": eps " << choice.eps << ", min_samples " << choice.min_samples
                      << ", silhouette " << choice.score << '\n';
        }
        grasp::gradients fresh = grasp::gradients::from_rows(ctx, 1, p, std::vector<double>({0.05, 1.1, 0.1, 0.05}));
        std::cout << "a new sample of class 1 belongs to group " << found.assign(ctx, fresh, {1})[0] << '\n';
    } catch (const grasp::parameter_error &e) {
        std::cerr << "an option is wrong: " << e.what() << '\n';
        return 2;
    } catch (const std::exception &e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
