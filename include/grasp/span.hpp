/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/span.hpp: a view of values that lie side by side, the same in every standard from C++11 on; converts from and
 * to std::span where there is one.
 *
 * Part of <grasp.hpp>.
 */
#ifndef GRASP_SPAN_HPP
#define GRASP_SPAN_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

/* Compiled without exceptions the header works with std::error_code; an error with nowhere to go ends the program. All
 * names then have a namespace of their own, so that files of both kinds can make one program. */
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#  define GRASP_HPP_OPEN                                                                                               \
      namespace grasp                                                                                                  \
      {
#  define GRASP_HPP_CLOSE }
#  define GRASP_HPP_TRY try
#  define GRASP_HPP_CATCH_ALL catch (...)
#  define GRASP_HPP_THROW(exception) throw exception
#else
#  define GRASP_HPP_OPEN                                                                                               \
      namespace grasp                                                                                                  \
      {                                                                                                                \
      inline namespace without_exceptions                                                                              \
      {
#  define GRASP_HPP_CLOSE                                                                                              \
      }                                                                                                                \
      }
#  define GRASP_HPP_TRY if (true)
#  define GRASP_HPP_CATCH_ALL else
#  define GRASP_HPP_THROW(exception) std::abort()
#endif

GRASP_HPP_OPEN

/** Refers to size() values of type T and keeps none. What it refers to must outlive the call it is given to. */
template <class T> class span
{
    T          *data_;
    std::size_t size_;

    template <class C>
    using data_of = typename std::remove_pointer<decltype(std::declval<C &>().data())>::type;

  public:
    typedef T                            element_type;
    typedef typename std::remove_cv<T>::type value_type;
    typedef T                           *iterator;

    span() noexcept : data_(nullptr), size_(0)
    {
    }
    span(T *data, std::size_t size) noexcept : data_(data), size_(size)
    {
    }
    template <std::size_t N> span(T (&array)[N]) noexcept : data_(array), size_(N)
    {
    }
    /** Anything with data() and size(): std::vector, std::array, std::span. */
    template <class C, class = decltype(std::declval<C &>().size()),
              class = typename std::enable_if<std::is_convertible<data_of<C> (*)[], T (*)[]>::value>::type>
    span(C &container) noexcept : data_(container.data()), size_(container.size())
    {
    }
    template <class C, class = decltype(std::declval<const C &>().size()), class = void,
              class = typename std::enable_if<std::is_convertible<data_of<const C> (*)[], T (*)[]>::value>::type>
    span(const C &container) noexcept : data_(container.data()), size_(container.size())
    {
    }
    /** A list in braces, for values that are only read; it lives to the end of the statement. */
    template <class U = T, class = typename std::enable_if<std::is_const<U>::value>::type>
    span(std::initializer_list<value_type> list) noexcept : data_(nullptr), size_(list.size())
    {
        data_ = list.begin();
    }

    T *data() const noexcept
    {
        return data_;
    }
    std::size_t size() const noexcept
    {
        return size_;
    }
    /** The size as the library counts. */
    std::int64_t count() const noexcept
    {
        return static_cast<std::int64_t>(size_);
    }
    bool empty() const noexcept
    {
        return size_ == 0;
    }
    T &operator[](std::size_t i) const noexcept
    {
        return data_[i];
    }
    T *begin() const noexcept
    {
        return data_;
    }
    T *end() const noexcept
    {
        return data_ + size_;
    }
};

/** All rows of a model. */
struct every_row {
};
#if defined(__cpp_inline_variables)
inline constexpr every_row all_rows{};
#else
static const every_row all_rows = {};
#endif

/** Rows of a model by number, in any order; or all of them. */
class rows
{
    span<const std::int64_t> some_;
    bool                     all_;

  public:
    rows(every_row = every_row()) noexcept : all_(true)
    {
    }
    rows(std::initializer_list<std::int64_t> list) noexcept : some_(list), all_(false)
    {
    }
    template <class C,
              class = typename std::enable_if<std::is_constructible<span<const std::int64_t>, C &>::value>::type>
    rows(const C &some) noexcept : some_(some), all_(false)
    {
    }
    /** As the library takes them: NULL and n_rows for all; an empty choice is not NULL. */
    const std::int64_t *data() const noexcept
    {
        static const std::int64_t nowhere = 0;
        return all_ ? nullptr : some_.empty() ? &nowhere : some_.data();
    }
    std::int64_t count(std::int64_t n_rows) const noexcept
    {
        return all_ ? n_rows : some_.count();
    }
};

GRASP_HPP_CLOSE

#if defined(__has_include) && __cplusplus >= 202002L
#  if __has_include(<ranges>)
#    include <ranges>
#    if defined(__cpp_lib_ranges)
/** So that std::span can be made from a grasp::span. */
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<grasp::span<T>> = true;
#    endif
#  endif
#endif
#endif
