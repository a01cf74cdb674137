/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/io.hpp: files: tables from .csv, matrices from and to .npy, and saved objects.
 *
 * Part of <grasp.hpp>; what the calls mean stands in io.h.
 */
#ifndef GRASP_IO_HPP
#define GRASP_IO_HPP

#include "infer.hpp"
#include "io.h"

GRASP_HPP_OPEN

/** Named columns of a .csv file. Immutable, readable from many threads. */
class table
{
    detail::handle<grasp_table, grasp_table_free> held_;

  public:
    table() noexcept
    {
    }
    /** Options: "csv". */
    static table load_csv(context &ctx, const std::string &path, const options &how = options(), errors e = errors())
    {
        table           made;
        options::chosen p(ctx, how, "csv", e);
        if (!p.failed())
            ctx.check(grasp_table_load_csv(ctx.get(), path.c_str(), p.get(), detail::into(made.held_)), e);
        return made;
    }
    grasp_table *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }

    std::int64_t rows() const noexcept
    {
        return grasp_table_rows(get());
    }
    std::int64_t cols() const noexcept
    {
        return grasp_table_cols(get());
    }
    /** nullptr out of range. */
    const char *name(std::int64_t col) const noexcept
    {
        return grasp_table_name(get(), col);
    }
    /** Number of the column so named. */
    std::int64_t find(context &ctx, const std::string &name, errors e = errors()) const
    {
        std::int64_t col = -1;
        ctx.check(grasp_table_find(ctx.get(), get(), name.c_str(), &col), e);
        return col;
    }
    bool is_text(std::int64_t col) const noexcept
    {
        return grasp_table_is_text(get(), col) != 0;
    }
    /** Distinct texts of a text column. */
    std::int64_t codes(std::int64_t col) const noexcept
    {
        return grasp_table_codes(get(), col);
    }
    /** What a code stands for; nullptr out of range. */
    const char *code_text(std::int64_t col, std::int64_t code) const noexcept
    {
        return grasp_table_code_text(get(), col, code);
    }
    /** Numbers, or codes as numbers. */
    std::vector<double> numbers(context &ctx, std::int64_t col, errors e = errors()) const
    {
        std::vector<double> out(static_cast<std::size_t>(rows()));
        ctx.check(grasp_table_column_f64(ctx.get(), get(), col, out.data(), rows()), e);
        return out;
    }
    /** Whole numbers, or codes. */
    std::vector<std::int64_t> whole(context &ctx, std::int64_t col, errors e = errors()) const
    {
        std::vector<std::int64_t> out(static_cast<std::size_t>(rows()));
        ctx.check(grasp_table_column_i64(ctx.get(), get(), col, out.data(), rows()), e);
        return out;
    }
};

inline matrix matrix::load_npy(context &ctx, const std::string &path, errors e)
{
    matrix made;
    ctx.check(grasp_matrix_load_npy(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline matrix matrix::map_npy(context &ctx, const std::string &path, errors e)
{
    matrix made;
    ctx.check(grasp_matrix_map_npy(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline void matrix::save_npy(context &ctx, const std::string &path, errors e) const
{
    ctx.check(grasp_matrix_save_npy(ctx.get(), get(), path.c_str()), e);
}
inline gradients gradients::open_npy(context &ctx, const std::string &path, errors e)
{
    gradients made;
    ctx.check(grasp_gradients_open_npy(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}

inline void model::save(context &ctx, const std::string &path, errors e) const
{
    ctx.check(grasp_model_save_file(ctx.get(), get(), path.c_str()), e);
}
inline void model::save(context &ctx, const write_function &write, errors e) const
{
    ctx.check(grasp_model_save(ctx.get(), get(), detail::write_to, detail::user_of(write)), e);
}
inline model model::load(context &ctx, const std::string &path, errors e)
{
    model made;
    ctx.check(grasp_model_load_file(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline model model::load(context &ctx, const read_function &read, errors e)
{
    model made;
    ctx.check(grasp_model_load(ctx.get(), detail::read_from, detail::user_of(read), detail::into(made.held_)), e);
    return made;
}

inline void groups::save(context &ctx, const std::string &path, errors e) const
{
    ctx.check(grasp_groups_save_file(ctx.get(), get(), path.c_str()), e);
}
inline void groups::save(context &ctx, const write_function &write, errors e) const
{
    ctx.check(grasp_groups_save(ctx.get(), get(), detail::write_to, detail::user_of(write)), e);
}
inline groups groups::load(context &ctx, const std::string &path, errors e)
{
    groups made;
    ctx.check(grasp_groups_load_file(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline groups groups::load(context &ctx, const read_function &read, errors e)
{
    groups made;
    ctx.check(grasp_groups_load(ctx.get(), detail::read_from, detail::user_of(read), detail::into(made.held_)), e);
    return made;
}

inline void gradients::save(context &ctx, const std::string &path, errors e) const
{
    ctx.check(grasp_gradients_save_file(ctx.get(), get(), path.c_str()), e);
}
inline void gradients::save(context &ctx, const write_function &write, errors e) const
{
    ctx.check(grasp_gradients_save(ctx.get(), get(), detail::write_to, detail::user_of(write)), e);
}
inline gradients gradients::load(context &ctx, const std::string &path, errors e)
{
    gradients made;
    ctx.check(grasp_gradients_load_file(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline gradients gradients::load(context &ctx, const read_function &read, errors e)
{
    gradients made;
    ctx.check(grasp_gradients_load(ctx.get(), detail::read_from, detail::user_of(read), detail::into(made.held_)), e);
    return made;
}

inline void inference::save(context &ctx, const std::string &path, errors e) const
{
    ctx.check(grasp_inference_save_file(ctx.get(), get(), path.c_str()), e);
}
inline void inference::save(context &ctx, const write_function &write, errors e) const
{
    ctx.check(grasp_inference_save(ctx.get(), get(), detail::write_to, detail::user_of(write)), e);
}
inline inference inference::load(context &ctx, const std::string &path, errors e)
{
    inference made;
    ctx.check(grasp_inference_load_file(ctx.get(), path.c_str(), detail::into(made.held_)), e);
    return made;
}
inline inference inference::load(context &ctx, const read_function &read, errors e)
{
    inference made;
    ctx.check(grasp_inference_load(ctx.get(), detail::read_from, detail::user_of(read), detail::into(made.held_)), e);
    return made;
}

GRASP_HPP_CLOSE
#endif
