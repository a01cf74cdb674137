# SPDX-License-Identifier: BSD-3-Clause
# libgrasp: GNU make. `make help` lists the targets. Objects go to build/<variant>/, nothing else is written in the tree
# but configure and config.mk, which are made here when they are missing or old.
#
# Variables: V=1 shows commands; MOD=cluster picks one suite; PREFIX, LIBDIR, DESTDIR place the installation;
# CONFIGURE="--with-blas=mkl" is handed to configure; VARIANT is set by the sanitizer targets.

ifneq ($(filter setup,$(MAKECMDGOALS)),)
# make remakes an included file before any goal, and configure needs what setup installs: so include nothing here,
# run setup, and let a fresh make do the other goals, on every processor unless -j says otherwise.
REST := $(filter-out setup,$(MAKECMDGOALS))
.PHONY: setup $(REST)
setup:
	@tools/setup
ifneq ($(REST),)
$(firstword $(REST)): setup
	@+$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN)) $(REST)
$(wordlist 2,99,$(REST)): $(firstword $(REST)) ; @:
endif
else

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# The version stands in one place.
VERSION := $(shell sed -n 's/^.define GRASP_VERSION_STRING "\(.*\)"/\1/p' include/grasp/base.h)

# ---- configuration -------------------------------------------------------------------------------------------------

UNCONFIGURED := help clean distclean
ifneq ($(filter-out $(UNCONFIGURED),$(or $(MAKECMDGOALS),all)),)
include config.mk
endif
ifneq ($(filter clean distclean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

configure: configure.ac
	$(call say,AUTOCONF,$@)
	$(Q)command -v autoconf >/dev/null || { echo "autoconf is missing: run \`make setup\`" >&2; exit 1; }
	$(Q)autoconf
	$(Q)rm -rf autom4te.cache

config.mk: configure config.mk.in
	$(call say,CONFIGURE,$@)
	$(Q)if [ -f config.status ] && [ -z "$(CONFIGURE)" ]; then ./config.status $(if $(V),,-q) --recheck && ./config.status -q; \
	    else ./configure $(if $(V),,-q) $(CONFIGURE); fi

# ---- variants --------------------------------------------------------------------------------------------------------

VARIANT ?= release
VARIANT_FLAGS_release  :=
VARIANT_FLAGS_asan     := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
VARIANT_FLAGS_tsan     := -O2 -fno-omit-frame-pointer -fsanitize=thread
VARIANT_FLAGS_coverage := -O0 --coverage
VARIANT_FLAGS_fuzz     := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(filter $(VARIANT),release asan tsan coverage fuzz),)
$(error VARIANT=$(VARIANT): expected release, asan, tsan, coverage or fuzz)
endif
VFLAGS := $(VARIANT_FLAGS_$(VARIANT))
B := build/$(VARIANT)

# ---- library ---------------------------------------------------------------------------------------------------------

ROOMS    := base report linalg groups model gradients distances cluster metrics sweep train infer io api
HEADERS  := $(wildcard include/grasp.h* include/grasp/*.h include/grasp/*.hpp)
LIB_SRC  := $(wildcard lib/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$B/%.o)
STATIC   := $B/libgrasp.a

SOVERSION := 0
ifeq ($(OBJECT_FORMAT),darwin)
SONAME     := libgrasp.$(SOVERSION).dylib
SHARED_REAL = libgrasp.$(VERSION).dylib
SHARED_LINK := libgrasp.dylib
EXPORTS    := build/gen/libgrasp.exp
LINK_SHARED = -dynamiclib -install_name $(LIBDIR)/$(SONAME) -current_version $(VERSION) -compatibility_version 0.1 \
              -Wl,-exported_symbols_list,$(EXPORTS)
else
SONAME     := libgrasp.so.$(SOVERSION)
SHARED_REAL = libgrasp.so.$(VERSION)
SHARED_LINK := libgrasp.so
EXPORTS    := lib/libgrasp.map
LINK_SHARED = -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(EXPORTS) -Wl,-z,defs -Wl,-z,relro -Wl,-z,now
endif
SHARED = $B/$(SHARED_REAL)

COMPILE = $(CC) $(CPPFLAGS) -Iinclude -Ilib -Ibuild/gen $(LIB_CFLAGS) $(WARNINGS) $(CFLAGS) $(VFLAGS) -MMD -MP
# Flags of one file, by its name or room.
FLAGS = $(SIMD_CPPFLAGS) $(if $(filter lib/linalg/%,$<),$(BLAS_CFLAGS)) $(if $(filter lib/api/%,$<),-DGRASP__BLAS_NAME='"$(BLAS_NAME)"') \
        $(if $(filter %_avx2.c,$<),$(AVX2_CFLAGS)) \
        $(if $(filter %_avx512.c,$<),$(AVX512_CFLAGS)) $(if $(filter %_vnni.c,$<),$(VNNI_CFLAGS)) \
        $(if $(filter %_neon.c,$<),$(NEON_CFLAGS))
# Warnings are shown, kept beside the object, and refused by `make check`: a user's newer compiler may warn and still build.
keep_warnings = 2>$@.warn || { cat $@.warn >&2; exit 1; }; cat $@.warn >&2

all: lib programs
lib: $(STATIC) $(if $(filter release,$(VARIANT)),$(SHARED))

# Rebuild when the flags change: the stamp is rewritten only when its text differs.
FLAGS_TEXT = $(COMPILE) $(SIMD_CPPFLAGS) $(BLAS_CFLAGS) $(CHECK_CFLAGS)
$B/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(FLAGS_TEXT)' | cmp -s - $@ || echo '$(FLAGS_TEXT)' >$@

$B/lib/%.o: lib/%.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(FLAGS) -c -o $@ $< $(keep_warnings)

# The list of objects is a prerequisite through $B/objects, so that a file taken away leaves the archive too.
$B/objects: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(LIB_OBJ)' | cmp -s - $@ || echo '$(LIB_OBJ)' >$@

$(STATIC): $(LIB_OBJ) $B/objects
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

$(SHARED): $(LIB_OBJ) $B/objects $(EXPORTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(VFLAGS) $(LDFLAGS) $(LINK_SHARED) -o $@ $(LIB_OBJ) $(LIBS_PRIVATE)
	$(Q)ln -sf $(SHARED_REAL) $B/$(SONAME)
	$(Q)ln -sf $(SONAME) $B/$(SHARED_LINK)

build/gen/libgrasp.exp: lib/libgrasp.map
	$(Q)mkdir -p $(@D)
	$(Q)sed -n 's/^ *\(grasp_[a-z0-9_]*\);.*/_\1/p' $< >$@

# ---- programs: examples/x.c or examples/x/*.c, bench/x.c ------------------------------------------------------------------

EXAMPLE_DIRS := $(patsubst examples/%/,%,$(sort $(dir $(wildcard examples/*/*.c))))
EXAMPLES     := $(patsubst examples/%.c,%,$(wildcard examples/*.c)) $(EXAMPLE_DIRS)
# Parts of all of them; calls.c is also the tests'.
BENCH_PARTS  := harness calls
BENCHES      := $(filter-out $(BENCH_PARTS),$(patsubst bench/%.c,%,$(wildcard bench/*.c)))
PROGRAM_OBJ  := $(patsubst %.c,$B/%.o,$(wildcard examples/*.c examples/*/*.c bench/*.c))
# Programs of users: the header alone, and the C that they may be compiled as.
COMPILE_PROGRAM = $(CC) $(CPPFLAGS) -Iinclude -std=gnu11 $(if $(filter bench/roofline.c bench/brute.c,$<),-Ilib $(BLAS_CFLAGS)) $(WARNINGS) $(CFLAGS) $(VFLAGS) -MMD -MP
LINK_STATIC = $(STATIC) $(LIBS_PRIVATE)

programs: $(EXAMPLES:%=$B/bin/%)

$(PROGRAM_OBJ): $B/%.o: %.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE_PROGRAM) -c -o $@ $< $(keep_warnings)

# name, objects
define program
$B/bin/$(1): $(2) $$(STATIC)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(VFLAGS) $$(LDFLAGS) -o $$@ $(2) $$(LINK_STATIC)
endef
$(foreach x,$(EXAMPLES),$(eval $(call program,$(x),$(patsubst %.c,$B/%.o,$(wildcard examples/$(x).c examples/$(x)/*.c)))))
$(foreach x,$(BENCHES),$(eval $(call program,bench-$(x),$B/bench/$(x).o $(BENCH_PARTS:%=$B/bench/%.o))))

# grasp-params(7) is printed from the tables of parameters.
$B/tools/params-page.o: tools/params-page.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE_PROGRAM) -c -o $@ $< $(keep_warnings)
$(eval $(call program,params-page,$B/tools/params-page.o))
params-page: $B/bin/params-page
	$(Q)$< >man/grasp-params.7

demo: $(if $(filter grasp-fit,$(EXAMPLES)),$B/bin/grasp-fit)
	@$(if $(filter grasp-fit,$(EXAMPLES)),$B/bin/grasp-fit,echo "demo: there is no examples/grasp-fit.c to build" >&2; exit 1)

# The paper's tables and figures: grasp-paper(1). With --json the last line is one object.
PAPER_FLAGS ?= --honest --quick
paper: $B/bin/paper
	@$B/bin/paper --output build/paper $(PAPER_FLAGS)

# One table of libgrasp and the peers that are found: bench/README. BENCH_FLAGS=--help
bench: $(BENCHES:%=$B/bin/bench-%)
	@$(if $(PYTHON3),$(PYTHON3) bench/bench.py --programs $B/bin $(BENCH_FLAGS),echo "bench: python3 is missing: run \`make setup\`" >&2; exit 1)

# ---- tests -------------------------------------------------------------------------------------------------------------

SUITES   := $(sort $(patsubst tests/check_%.c,%,$(wildcard tests/check_*.c)))
TEST_SRC := tests/main.c $(wildcard tests/support*.c tests/check_*.c)
TEST_OBJ := $(TEST_SRC:%.c=$B/%.o)
RUNNER   := $B/bin/run-suites

build/gen/suites.h: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)for s in $(SUITES); do echo "SUITE($$s)"; done >$@.$(VARIANT); \
	    cmp -s $@.$(VARIANT) $@ && rm $@.$(VARIANT) || mv $@.$(VARIANT) $@

have-check:
	@$(if $(HAVE_CHECK),:,echo "the unit test library Check is missing: run \`make setup\`" >&2; exit 1)

$B/tests/main.o: build/gen/suites.h
$B/tests/%.o: tests/%.c $B/flags | have-check
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) $(SIMD_CPPFLAGS) -Wno-missing-prototypes -Itests -I. $(CHECK_CFLAGS) -c -o $@ $< $(keep_warnings)

$(RUNNER): $(TEST_OBJ) $B/bench/calls.o $(STATIC)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(VFLAGS) $(LDFLAGS) -o $@ $(TEST_OBJ) $B/bench/calls.o $(STATIC) $(CHECK_LIBS) $(LIBS_PRIVATE)

# What the check scripts are told.
TOOL_ENV = B='$B' AR='$(AR)' CC='$(CC)' CXX='$(CXX)' NM='$(NM)' MANDOC='$(MANDOC)' PYTHON3='$(PYTHON3)' JULIA='$(JULIA)' ROOMS='$(ROOMS)' V='$(V)' \
           STATIC='$(STATIC)' SHARED='$(SHARED)' LIBS_PRIVATE='$(LIBS_PRIVATE)' OBJECT_FORMAT='$(OBJECT_FORMAT)' \
           OBJECTS='$(LIB_OBJ)' ABIDW='$(ABIDW)' ABIDIFF='$(ABIDIFF)' VERSION='$(VERSION)'
TOOLS := $(patsubst tools/%,%,$(filter-out tools/check-abi,$(wildcard tools/check-*)))

check-suites: $(RUNNER)
	@$(RUNNER) $(MOD)

check: $(if $(MOD),,all $B/bin/params-page) $(RUNNER)
	@$(TOOL_ENV) tools/run-checks $(if $(MOD),-,$(TOOLS)) -- $(RUNNER) $(MOD)

# Does it help the worst group? A table over real and made data, see examples/study/README.
STUDY_PYTHON ?= $(PYTHON3)
.PHONY: study
study: $(SHARED)
	@$(if $(STUDY_PYTHON),$(STUDY_PYTHON) examples/study/study.py --library $(SHARED) $(STUDY_FLAGS),echo "study: python3 is missing: run \`make setup\`" >&2; exit 1)

# One at a time: `make check-sync`. Those of the sources alone need no library.
SOURCE_TOOLS := check-layering check-sync check-words check-header check-tools check-api check-portable
LIBRARY_TOOLS := check-cpp check-man check-julia check-python check-params check-baseline # these need the library, and no suites
$(LIBRARY_TOOLS): all
check-params: $B/bin/params-page
$(filter-out $(SOURCE_TOOLS) $(LIBRARY_TOOLS),$(TOOLS)): all $(RUNNER)
$(TOOLS):
	@$(TOOL_ENV) tools/$@

# OpenBLAS is not instrumented: its threads would look like races, and take long under valgrind.
check-asan:
	@+CK_FORK=no OPENBLAS_NUM_THREADS=1 ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1 \
	    UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) --no-print-directory VARIANT=asan check-suites
check-tsan:
	@+CK_FORK=no OPENBLAS_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=0:exitcode=66 \
	    $(MAKE) --no-print-directory VARIANT=tsan check-suites
check-valgrind: $(RUNNER)
	@$(if $(VALGRIND),,echo "check-valgrind: skipped: valgrind is missing" ;exit 0;) \
	CK_FORK=no OPENBLAS_NUM_THREADS=1 TEST_UNDER_VALGRIND=1 valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
	    --error-exitcode=9 --suppressions=tests/valgrind.supp $(RUNNER) $(MOD)
coverage:
	@+CK_FORK=no $(MAKE) --no-print-directory VARIANT=coverage check-suites
	@tools/coverage build/coverage

# libFuzzer comes with clang. What crashes stays in build/fuzz/, what was learned in build/fuzz/x/.
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@command -v clang >/dev/null || { echo "fuzz: clang is missing: run \`make setup\`" >&2; exit 1; }
	@+$(MAKE) --no-print-directory VARIANT=fuzz CC=clang WARNINGS=-Wall run-fuzzers
$(FUZZERS:%=$B/bin/%): $B/bin/%: $B/tests/fuzz/%.o $(STATIC)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(VFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(LINK_STATIC)
run-fuzzers: $(FUZZERS:%=$B/bin/%)
	$(Q)for f in $(if $(MOD),fuzz_$(MOD),$(FUZZERS)); do \
	    echo "$$f: $(FUZZ_SECONDS) s"; mkdir -p build/fuzz/$$f || exit 1; \
	    $B/bin/$$f -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -dict=tests/fuzz/$$f.dict -artifact_prefix=build/fuzz/ \
	        -verbosity=0 -print_final_stats=1 build/fuzz/$$f || exit 1; done

check-abi store-abi: $(SHARED)
	@$(TOOL_ENV) tools/check-abi $(if $(filter store-abi,$@),store,check)

# The machine-readable description of the headers, and the declarations that bindings take from it.
api:
	$(if $(PYTHON3),,@echo "api: python3 is missing: run \`make setup\`" >&2; exit 1)
	$(Q)$(PYTHON3) tools/describe-api

# The Python package as a wheel that brings the library along.
wheel:
	@$(TOOL_ENV) tools/wheel

lint:
	@$(TOOL_ENV) tools/lint $(COMPILE)

wrap:
	@tools/wrap

# ---- installation --------------------------------------------------------------------------------------------------------

INSTALL ?= install
D = $(DESTDIR)
PAGES3   := $(wildcard man/*.3)
PAGES1   := $(wildcard man/*.1)
PAGES5   := $(wildcard man/*.5)
PAGES7   := $(wildcard man/*.7)
PAGES    := $(PAGES1) $(PAGES3) $(PAGES5) $(PAGES7)
PROGRAMS := $(filter grasp-fit paper,$(EXAMPLES)) # installed as grasp-fit, grasp-paper
DOCS     := $(wildcard README NEWS COPYING CONTRIBUTING)

man: man-html man-pdf
have-mandoc:
	$(if $(MANDOC),,@echo "man: mandoc is missing: run \`make setup\`" >&2; exit 1)
man-html: $(PAGES) | have-mandoc
	$(Q)mkdir -p build/man
	$(Q)cp man/style.css build/man/
	$(Q)for p in $(PAGES); do $(MANDOC) -Thtml -Ostyle=style.css,toc,man=%N.%S.html $$p >build/man/$${p##*/}.html || exit 1; done
	$(Q)tools/man-index $(PAGES) >build/man/index.html
	@echo "build/man/index.html leads to $(words $(PAGES)) pages"
man-pdf: $(PAGES) | have-mandoc
	$(Q)mkdir -p build/man
	$(Q)$(MANDOC) -Tpdf man/grasp.3 $(filter-out man/grasp.3,$(PAGES)) >build/man/libgrasp.pdf
	@echo "build/man/libgrasp.pdf holds $(words $(PAGES)) pages of the manual"

build/gen/grasp.pc: grasp.pc.in config.mk FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(PREFIX)|' -e 's|@libdir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
	    -e 's|@includedir@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' -e 's|@version@|$(VERSION)|' \
	    -e 's|@libs_private@|$(strip $(LIBS_PRIVATE))|' $< >$@

install: all build/gen/grasp.pc
	$(Q)$(INSTALL) -d $D$(INCLUDEDIR)/grasp $D$(LIBDIR)/pkgconfig $D$(BINDIR) $D$(MANDIR)/man1 $D$(MANDIR)/man3 $D$(MANDIR)/man5 $D$(MANDIR)/man7 $D$(DOCDIR)/examples
	$(Q)$(INSTALL) -m 644 $(filter include/grasp.h%,$(HEADERS)) $D$(INCLUDEDIR)/
	$(Q)$(INSTALL) -m 644 $(filter include/grasp/%,$(HEADERS)) $D$(INCLUDEDIR)/grasp/
	$(Q)$(INSTALL) -m 644 $(STATIC) $D$(LIBDIR)/
	$(Q)$(INSTALL) -m 755 $(SHARED) $D$(LIBDIR)/
	$(Q)ln -sf $(SHARED_REAL) $D$(LIBDIR)/$(SONAME)
	$(Q)ln -sf $(SONAME) $D$(LIBDIR)/$(SHARED_LINK)
	$(Q)$(INSTALL) -m 644 build/gen/grasp.pc $D$(LIBDIR)/pkgconfig/
	$(Q)for p in $(PROGRAMS); do $(INSTALL) -m 755 $B/bin/$$p $D$(BINDIR)/grasp-$${p#grasp-} || exit 1; done
	$(Q)for p in $(PAGES1); do $(INSTALL) -m 644 $$p $D$(MANDIR)/man1/ || exit 1; done
	$(Q)for p in $(PAGES3); do $(INSTALL) -m 644 $$p $D$(MANDIR)/man3/ || exit 1; done
	$(Q)for p in $(PAGES5); do $(INSTALL) -m 644 $$p $D$(MANDIR)/man5/ || exit 1; done
	$(Q)for p in $(PAGES7); do $(INSTALL) -m 644 $$p $D$(MANDIR)/man7/ || exit 1; done
	$(Q)tools/man-names $(PAGES3) | while read -r page name; do \
	        [ $$page = $$name ] || echo ".so man3/$$page.3" >$D$(MANDIR)/man3/$$name.3 || exit 1; done
	$(Q)$(INSTALL) -m 644 $(DOCS) $D$(DOCDIR)/
	$(Q)(cd examples && find . -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.py') | while read -r f; do \
	        $(INSTALL) -d $D$(DOCDIR)/examples/$${f%/*} && $(INSTALL) -m 644 examples/$$f $D$(DOCDIR)/examples/$$f || exit 1; done
	@echo "installed libgrasp $(VERSION) under $D$(PREFIX)"
	$(Q)[ -n "$D" ] || ldconfig 2>/dev/null || : # the dynamic linker finds it at once, where we may tell it
	$(Q)[ -n "$D" ] || [ "$$($(PKG_CONFIG) --variable=libdir grasp 2>/dev/null)" = "$(LIBDIR)" ] || \
	    echo "to find it there: export PATH=$(BINDIR):\$$PATH PKG_CONFIG_PATH=$(LIBDIR)/pkgconfig LD_LIBRARY_PATH=$(LIBDIR)"

uninstall:
	$(Q)rm -f $(HEADERS:include/%=$D$(INCLUDEDIR)/%) $D$(LIBDIR)/libgrasp.a \
	    $D$(LIBDIR)/$(SHARED_REAL) $D$(LIBDIR)/$(SONAME) $D$(LIBDIR)/$(SHARED_LINK) $D$(LIBDIR)/pkgconfig/grasp.pc \
	    $(addprefix $D$(BINDIR)/grasp-,$(PROGRAMS:grasp-%=%)) $(PAGES1:man/%=$D$(MANDIR)/man1/%) $(PAGES3:man/%=$D$(MANDIR)/man3/%) \
	    $(PAGES5:man/%=$D$(MANDIR)/man5/%) $(PAGES7:man/%=$D$(MANDIR)/man7/%)
	$(Q)tools/man-names $(PAGES3) | while read -r page name; do rm -f $D$(MANDIR)/man3/$$name.3; done
	$(Q)rm -rf $D$(DOCDIR)
	$(Q)rmdir $D$(INCLUDEDIR)/grasp 2>/dev/null || :
	@echo "removed libgrasp $(VERSION) from $D$(PREFIX)"

installcheck:
	@+$(TOOL_ENV) MAKE='$(MAKE)' PKG_CONFIG='$(PKG_CONFIG)' tests/installcheck $(EXAMPLES) $(notdir $(wildcard examples/*.cpp))

# ---- release ---------------------------------------------------------------------------------------------------------------

DIST = libgrasp-$(VERSION)
dist: configure
	$(Q)git rev-parse --git-dir >/dev/null 2>&1 || { echo "dist: needs the git repository" >&2; exit 1; }
	$(Q)rm -rf build/dist && mkdir -p build/dist
	$(Q)git archive --prefix=$(DIST)/ HEAD | tar -x -C build/dist
	$(Q)cp configure build/dist/$(DIST)/
	$(Q)tar -C build/dist -czf build/$(DIST).tar.gz $(DIST)
	$(Q)rm -rf build/dist
	@echo "build/$(DIST).tar.gz"

distcheck: dist
	@+MAKE='$(MAKE)' tools/distcheck build/$(DIST).tar.gz

deb:
	@$(TOOL_ENV) tools/deb

clean:
	$(Q)rm -rf build bindings/python/build
distclean: clean
	$(Q)rm -rf config.mk config.log config.status autom4te.cache
	$(Q)[ ! -e .git ] || rm -f configure configure~ # a release brings its configure

help:
	@cat tools/help.txt

FORCE:
.PHONY: all lib programs demo paper bench check check-suites check-asan check-tsan check-valgrind coverage fuzz run-fuzzers check-abi store-abi \
    have-check api wheel lint wrap man install uninstall installcheck dist distcheck deb clean distclean help FORCE $(TOOLS)

-include $(LIB_OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(PROGRAM_OBJ:.o=.d) $B/tools/params-page.d
endif
