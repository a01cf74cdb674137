/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/train.hpp: training, for the mean or for the worst group.
 *
 * Part of <grasp.hpp>; what the calls mean stands in train.h.
 */
#ifndef GRASP_TRAIN_HPP
#define GRASP_TRAIN_HPP

#include "groups.hpp"
#include "model.hpp"
#include "report.hpp"
#include "train.h"

GRASP_HPP_OPEN

/** By any method: "erm", "gdro", "cvar", "jtt", ... Groups, a label for each bound row, where the method needs them (or
 *  nullptr). Options: those of the method. */
inline report train(context &ctx, const char *method, model &m, const groups *g = nullptr,
                    const rows &train_rows = all_rows, span<const std::int64_t> val = {},
                    const options &how = options(), errors e = errors())
{
    report          made;
    options::chosen p(ctx, how, method, e);
    if (!p.failed())
        ctx.check(grasp_train(ctx.get(), method, m.get(), g ? g->get() : nullptr, train_rows.data(),
                              train_rows.count(m.n_rows()), val.data(), val.count(), p.get(), report::wanted(&made)),
                  e);
    return made;
}
/** Minimises the mean loss over training rows; `val` rows, if any, select the epoch. Options: "erm". */
inline report train_erm(context &ctx, model &m, const rows &train_rows = all_rows, span<const std::int64_t> val = {},
                        const options &how = options(), errors e = errors())
{
    report          made;
    options::chosen p(ctx, how, "erm", e);
    if (!p.failed())
        ctx.check(grasp_train_erm(ctx.get(), m.get(), train_rows.data(), train_rows.count(m.n_rows()), val.data(),
                                  val.count(), p.get(), report::wanted(&made)),
                  e);
    return made;
}
/** Group DRO; g has a label for each bound row. Options: "gdro". */
inline report train_gdro(context &ctx, model &m, const groups &g, const rows &train_rows = all_rows,
                         span<const std::int64_t> val = {}, const options &how = options(), errors e = errors())
{
    report          made;
    options::chosen p(ctx, how, "gdro", e);
    if (!p.failed())
        ctx.check(grasp_train_gdro(ctx.get(), m.get(), g.get(), train_rows.data(), train_rows.count(m.n_rows()),
                                   val.data(), val.count(), p.get(), report::wanted(&made)),
                  e);
    return made;
}
/** The step of group DRO's weights alone: log_q, changed in place, has as many values as group_loss. */
inline void gdro_step(context &ctx, span<const double> group_loss, double step, span<double> log_q,
                      errors e = errors())
{
    if (group_loss.size() == log_q.size() ||
        e.settle(GRASP_E_DIM, "grasp::gdro_step: group_loss and log_q differ in length"))
        ctx.check(grasp_gdro_step(ctx.get(), log_q.count(), group_loss.data(), step, log_q.data()), e);
}

GRASP_HPP_CLOSE
#endif
