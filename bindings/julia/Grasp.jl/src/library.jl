# SPDX-License-Identifier: BSD-3-Clause
# Where the shared library is: GRASP_LIBRARY names it; else the clone that this package stands in; else the system's linker
# finds it. Found when the package is loaded, not when it is compiled, so that it may move.

import Libdl

function __init__()
    clone = joinpath(@__DIR__, "..", "..", "..", "..", "build", "release")
    names = Sys.isapple() ? ["libgrasp.0.dylib"] : ["libgrasp.so.0"]
    places = haskey(ENV, "GRASP_LIBRARY") ? [ENV["GRASP_LIBRARY"]] : [[joinpath(clone, n) for n in names]; names]
    for place in places
        handle = Libdl.dlopen(place; throw_error = false)
        handle === nothing || (C.LIBRARY[] = handle; break)
    end
    C.LIBRARY[] == C_NULL && error("Grasp: none of these is a library that can be loaded: ", join(places, ", "),
                                   ". Install libgrasp, or set GRASP_LIBRARY to the path of libgrasp.so.0")
    number = C.grasp_version_number()
    number >= C.GRASP_VERSION_NUMBER && number ÷ 1_000_000 == C.GRASP_VERSION_NUMBER ÷ 1_000_000 ||
        error("Grasp: libgrasp $(version()) is not what this package was made for, $(C.VERSION)")
    make_callbacks()
end
