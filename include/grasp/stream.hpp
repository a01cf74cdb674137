/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/stream.hpp: where saved objects go and come from: functions, or standard streams.
 *
 * Part of <grasp.hpp>; what the calls mean stands in io.h.
 */
#ifndef GRASP_STREAM_HPP
#define GRASP_STREAM_HPP

#include "error.hpp"

#include <functional>
#include <istream>
#include <ostream>

GRASP_HPP_OPEN

/** Takes `size` bytes, all of them; throws if it cannot. */
class write_function : public std::function<void(const void *data, std::size_t size)>
{
  public:
    template <class F, class = decltype(std::declval<F &>()(static_cast<const void *>(nullptr), std::size_t()))>
    write_function(F run) : std::function<void(const void *, std::size_t)>(std::move(run))
    {
    }
    /** Into a stream, which must outlive the call. */
    write_function(std::ostream &stream)
        : std::function<void(const void *, std::size_t)>([&stream](const void *data, std::size_t size) {
              stream.write(static_cast<const char *>(data), static_cast<std::streamsize>(size));
              if (!stream)
                  detail::raise(GRASP_E_IO, "writing to the stream failed");
          })
    {
    }
};

/** Fills at most `size` bytes and returns their number, 0 at the end; throws if it cannot. */
class read_function : public std::function<std::size_t(void *data, std::size_t size)>
{
  public:
    template <class F, class = decltype(std::declval<F &>()(static_cast<void *>(nullptr), std::size_t()))>
    read_function(F run) : std::function<std::size_t(void *, std::size_t)>(std::move(run))
    {
    }
    /** From a stream, which must outlive the call. No byte after the object is read. */
    read_function(std::istream &stream)
        : std::function<std::size_t(void *, std::size_t)>([&stream](void *data, std::size_t size) {
              stream.read(static_cast<char *>(data), static_cast<std::streamsize>(size));
              if (stream.bad())
                  detail::raise(GRASP_E_IO, "reading from the stream failed");
              return static_cast<std::size_t>(stream.gcount());
          })
    {
    }
};

namespace detail
{
inline std::int32_t write_to(void *user, const void *data, std::size_t size) noexcept
{
    return guarded([&] {
        (*static_cast<const write_function *>(user))(data, size);
        return true;
    });
}
inline std::int64_t read_from(void *user, void *data, std::size_t size) noexcept
{
    std::int64_t got = failed;
    (void)guarded([&] {
        got = static_cast<std::int64_t>((*static_cast<const read_function *>(user))(data, size));
        return true;
    });
    return got;
}
template <class F> void *user_of(const F &function) noexcept
{
    return const_cast<F *>(&function);
}
} // namespace detail

GRASP_HPP_CLOSE
#endif
