/* SPDX-License-Identifier: BSD-3-Clause
 * grasp.hpp: libgrasp for C++11 and later. Headers only, over the C interface of grasp.h; see grasp.hpp(3).
 *
 *     grasp::context   ctx;
 *     grasp::gradients g = grasp::gradients::from_rows(ctx, n, p, rows);            // std::vector<double> rows, n x p
 *     grasp::inference found = grasp::infer(ctx, g, classes, "eps=0.1,0.2;min_samples=5");
 *     std::vector<int64_t> group = found.groups(ctx).labels(ctx);                   // -1: an outlier
 *
 * Conventions, beside those of grasp.h
 *   - A handle is a class that moves and is not copied; it frees what it holds. An empty one (default-made or moved
 *     from) is NULL to the library, which refuses it by name. Handles with counted references have share(), which gives
 *     one more owner. get() lends the C pointer, release() gives it away.
 *   - The context comes first, as in C: data handles may be read from many threads, each with a context of its own.
 *   - An error throws a class of its own, derived from grasp::error. Every call that can fail ends with an argument
 *     `grasp::errors`; give it a std::error_code and nothing is thrown: the code is set or cleared, and the result of a
 *     failed call is empty.
 *   - Outcomes are no errors: ctx.converged() and ctx.cancelled() tell how the last call ended.
 *   - An exception that leaves a callback (log, progress, parallel-for, a model's function, a reader or writer) ends
 *     the call and comes out of it as itself, std::error_code or not. As after an error, nothing has changed then.
 *   - Ranges go in as grasp::span: from arrays, vectors, std::array, std::span, initializer lists. They come out as
 *     std::vector.
 *   - Options are parameters (grasp::params), or their text: "eps=0.1,0.2;min_samples=5". {} means the defaults.
 *   - Rows of a model are a span of row numbers, or grasp::all_rows.
 */
#ifndef GRASP_HPP
#define GRASP_HPP

#include "grasp.h"

#include "grasp/span.hpp"
#include "grasp/error.hpp"
#include "grasp/base.hpp"
#include "grasp/report.hpp"
#include "grasp/linalg.hpp"
#include "grasp/groups.hpp"
#include "grasp/model.hpp"
#include "grasp/gradients.hpp"
#include "grasp/distances.hpp"
#include "grasp/cluster.hpp"
#include "grasp/metrics.hpp"
#include "grasp/sweep.hpp"
#include "grasp/train.hpp"
#include "grasp/infer.hpp"
#include "grasp/io.hpp"
#include "grasp/api.hpp"

#endif
