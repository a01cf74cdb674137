/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/linalg.hpp: matrices.
 *
 * Part of <grasp.hpp>; what the calls mean stands in linalg.h.
 */
#ifndef GRASP_LINALG_HPP
#define GRASP_LINALG_HPP

#include "base.hpp"
#include "linalg.h"

GRASP_HPP_OPEN

enum class dtype : std::int32_t { f32 = GRASP_F32, f64 = GRASP_F64 };

namespace detail
{
template <class T> struct dtype_of;
template <> struct dtype_of<float> : std::integral_constant<std::int32_t, GRASP_F32> {
};
template <> struct dtype_of<double> : std::integral_constant<std::int32_t, GRASP_F64> {
};
/* Are so many values rows x cols? No product is taken, which could overflow. */
inline bool is_shape(std::size_t values, std::int64_t rows, std::int64_t cols) noexcept
{
    if (rows <= 0 || cols <= 0)
        return rows >= 0 && cols >= 0 && values == 0;
    return values % static_cast<std::uint64_t>(cols) == 0 &&
           values / static_cast<std::uint64_t>(cols) == static_cast<std::uint64_t>(rows);
}
} // namespace detail

/** Dense, row-major, of float or double, owned or somebody else's memory. */
class matrix
{
    detail::handle<grasp_matrix, grasp_matrix_free> held_;

    /* The library takes void * for memory that it only reads. */
    template <class T> static void *address(T *data) noexcept
    {
        return const_cast<void *>(static_cast<const void *>(data));
    }
    static void released(void *user, void *) noexcept
    {
        std::unique_ptr<std::function<void()>> release(static_cast<std::function<void()> *>(user));
        (*release)();
    }
    template <class T> static void vector_released(void *user, void *) noexcept
    {
        delete static_cast<std::vector<T> *>(user);
    }

  public:
    matrix() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit matrix(grasp_matrix *held) noexcept : held_(held)
    {
    }
    /** Zeroed. */
    matrix(context &ctx, std::int64_t rows, std::int64_t cols, dtype type = dtype::f64, errors e = errors())
    {
        ctx.check(
            grasp_matrix_create(ctx.get(), static_cast<std::int32_t>(type), rows, cols, detail::into(held_)), e);
    }
    /** Copies nothing: the caller keeps `data` (float or double, const or not) until the last reference is gone.
     *  Element (i, j) is data[i * row_stride + j]; row_stride 0: cols. */
    template <class T> static matrix wrap(context &ctx, std::int64_t rows, std::int64_t cols, T *data,
                                          std::int64_t row_stride = 0, errors e = errors())
    {
        matrix made;
        ctx.check(grasp_matrix_wrap(ctx.get(), detail::dtype_of<typename std::remove_const<T>::type>::value, rows, cols,
                                    row_stride ? row_stride : cols, address(data), nullptr, nullptr,
                                    detail::into(made.held_)),
                  e);
        return made;
    }
    /** The same; release() is called once, when the last reference goes, on the thread that drops it; throws
     *  nothing. */
    template <class T> static matrix wrap(context &ctx, std::int64_t rows, std::int64_t cols, T *data,
                                          std::int64_t row_stride, std::function<void()> release, errors e = errors())
    {
        matrix                                 made;
        std::unique_ptr<std::function<void()>> kept(new std::function<void()>(std::move(release)));
        if (ctx.check(grasp_matrix_wrap(ctx.get(), detail::dtype_of<typename std::remove_const<T>::type>::value, rows,
                                        cols, row_stride ? row_stride : cols, address(data), released, kept.get(),
                                        detail::into(made.held_)),
                      e))
            kept.release();
        return made;
    }
    /** Takes a vector of rows x cols values over, without a copy. Errors: dimension_error for another size. */
    template <class T> static matrix take(context &ctx, std::int64_t rows, std::int64_t cols, std::vector<T> values,
                                          errors e = errors())
    {
        matrix made;
        if (!detail::is_shape(values.size(), rows, cols)) {
            e.settle(GRASP_E_DIM, "grasp::matrix::take: the vector has not rows x cols values");
            return made;
        }
        std::unique_ptr<std::vector<T>> kept(new std::vector<T>(std::move(values)));
        if (ctx.check(grasp_matrix_wrap(ctx.get(), detail::dtype_of<T>::value, rows, cols, cols, kept->data(),
                                        vector_released<T>, kept.get(), detail::into(made.held_)),
                      e))
            kept.release();
        return made;
    }
    grasp_matrix *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    matrix share() const noexcept
    {
        return matrix(grasp_matrix_ref(get()));
    }

    std::int64_t rows() const noexcept
    {
        return grasp_matrix_rows(get());
    }
    std::int64_t cols() const noexcept
    {
        return grasp_matrix_cols(get());
    }
    std::int64_t row_stride() const noexcept
    {
        return grasp_matrix_row_stride(get());
    }
    dtype type() const noexcept
    {
        return static_cast<dtype>(grasp_matrix_dtype(get()));
    }
    /** Row i as the element type that it has; empty for another type or out of range. Writing while a call reads is a
     *  race. */
    template <class T> span<T> row(std::int64_t i) const noexcept
    {
        if (grasp_matrix_dtype(get()) != detail::dtype_of<typename std::remove_const<T>::type>::value || i < 0 ||
            i >= rows())
            return span<T>();
        return span<T>(static_cast<T *>(grasp_matrix_data(get())) + i * row_stride(), static_cast<std::size_t>(cols()));
    }
    /** All values, row after row, as double. */
    std::vector<double> values() const
    {
        std::vector<double> all;
        all.reserve(static_cast<std::size_t>(rows()) * static_cast<std::size_t>(cols()));
        for (std::int64_t i = 0; i < rows(); ++i) {
            span<const double> wide = row<const double>(i);
            span<const float>  narrow = row<const float>(i);
            all.insert(all.end(), wide.begin(), wide.end());
            all.insert(all.end(), narrow.begin(), narrow.end());
        }
        return all;
    }

    /** A .npy file, read; or mapped, so that pages are read as they are used. */
    static matrix load_npy(context &ctx, const std::string &path, errors e = errors());
    static matrix map_npy(context &ctx, const std::string &path, errors e = errors());
    void          save_npy(context &ctx, const std::string &path, errors e = errors()) const;
};

/** Threads that the BLAS would use; -1 if it cannot tell. */
inline std::int32_t blas_threads() noexcept
{
    return grasp_blas_threads();
}
/** Sets them for the whole process, which the library itself never does. */
inline void set_blas_threads(std::int32_t n, errors e = errors())
{
    grasp_status status = grasp_blas_set_threads(n);
    e.settle(status, grasp_status_text(status));
}

GRASP_HPP_CLOSE
#endif
