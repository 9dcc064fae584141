# Tact: one Makefile for everything. `make help` lists what can be asked of it; docs/ARCHITECTURE.md says why it is so.

VERSION := 0.1.0
SOVERSION := 0# grows when a released program would break

# ---- What to build, and with what ------------------------------------------------------------------------------------
#
#   MODE=release   what ships: -O2, hardened (the default)
#        debug     no optimisation, for a debugger
#        asan      address and undefined-behaviour sanitizers
#        tsan      thread sanitizer
#        fuzz      libFuzzer with the sanitizers of asan; clang
#        cov       coverage counters
#   CC=gcc|clang   the C compiler; the C++ compiler for the shims is its twin
#   WERROR=1       warnings are errors; so it is in CI
#   T=cel          tests of one folder only; T=cel/vm of one file
#   V=1            show the commands

MODE ?= release
MODES := release debug asan tsan fuzz cov
ifeq ($(filter $(MODE),$(MODES)),)
$(error MODE=$(MODE) is none of $(MODES))
endif

DEFAULT_CC := $(if $(filter fuzz,$(MODE)),clang,gcc)
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(DEFAULT_CC)
endif
ifneq ($(filter default undefined,$(origin CXX)),)
CXX := $(subst clang,clang++,$(subst gcc,g++,$(CC)))
endif
WERROR ?= $(if $(CI),1)

# Each mode and each compiler has its own folder, so that going back and forth rebuilds nothing.
B := build/$(MODE)$(if $(filter-out $(DEFAULT_CC),$(CC)),-$(notdir $(CC)))

# ---- Flags -----------------------------------------------------------------------------------------------------------

MODE_FLAGS_release := -O2 -g1 -D_FORTIFY_SOURCE=2
MODE_FLAGS_debug   := -O0 -g3
MODE_FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
MODE_FLAGS_tsan    := -O1 -g -fsanitize=thread
MODE_FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
MODE_FLAGS_cov     := -O0 -g --coverage -fprofile-update=atomic

# Frame pointers cost little and make every profile readable. One set of objects serves programs and libraries, hence
# -fPIC and not -fPIE; hidden visibility gives back what that would cost.
HARDENING := -fstack-protector-strong
ifeq ($(shell uname -m),x86_64)
HARDENING += -fcf-protection
# clang 14 loses the outcome of a comparison when it probes the stack between that and its use (seen in
# store/db.c: db_check_format), so only gcc probes.
HARDENING += $(if $(findstring clang,$(CC)),,-fstack-clash-protection)
endif
ifeq ($(shell uname -m),aarch64)
HARDENING += -mbranch-protection=standard
endif
CODE_FLAGS := $(MODE_FLAGS_$(MODE)) -fPIC -fvisibility=hidden -fno-omit-frame-pointer $(HARDENING)
WARNINGS := -Wall -Wextra -Wshadow $(if $(WERROR),-Werror)
C_FLAGS := -std=gnu17 $(CODE_FLAGS) $(WARNINGS) -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla $(CFLAGS)
CXX_FLAGS := -std=c++17 $(CODE_FLAGS) $(WARNINGS) -fvisibility-inlines-hidden $(CXXFLAGS)
ifeq ($(findstring clang,$(CXX)),)
CXX_FLAGS += -fno-gnu-unique # such symbols could not be made local in libtact.a
endif
PREPROCESS := -Iinclude -Isrc -MMD -MP $(CPPFLAGS)

LINK_FLAGS := $(MODE_FLAGS_$(MODE)) -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
comma := ,
LIBS := -lre2 -lcctz -ljansson -lutf8proc -lfyaml -llmdb -lsodium -lmsgpackc -lnng -lm -lpthread
# The program's allocator; sanitizers bring their own.
PROGRAM_LIBS := $(if $(filter asan tsan fuzz,$(MODE)),,-Wl$(comma)--no-as-needed -ljemalloc -Wl$(comma)--as-needed)

# ---- Sources: a file is built because it is there --------------------------------------------------------------------

# The program is the library, a server, and commands.
CLI_SRC := $(wildcard src/cli/*.c src/server/*.c)
LIB_SRC := $(filter-out $(CLI_SRC),$(wildcard src/*/*.c src/*/*.cc))
LIB_OBJ := $(LIB_SRC:%=$(B)/%.o)
CLI_OBJ := $(CLI_SRC:%=$(B)/%.o)

# T picks tests: all folders, one folder, or the files of one folder that begin so.
TESTS_HERE := $(wildcard tests/$(if $(findstring /,$(T)),$(T)*,$(or $(T),*)/*))
TEST_BIN := $(patsubst %.c,$(B)/%,$(filter %_test.c,$(TESTS_HERE)))
TEST_SCRIPTS := $(filter %.bats %_test.sh %_test.mjs,$(TESTS_HERE))
ifneq ($(MODE),release)
TEST_SCRIPTS := $(filter-out tests/house/%,$(TEST_SCRIPTS)) # they look at what ships
endif
# Tests that start threads are those worth running under the thread sanitizer.
THREADED_BIN := $(patsubst %.c,$(B)/%,$(shell grep -l 'pthread_create' $(filter %_test.c,$(TESTS_HERE)) /dev/null))
# What else stands in the test folders helps tests, fuzz targets and benches; each links what it uses.
HELPER_OBJ := $(patsubst %.c,$(B)/%.c.o,$(filter-out %_test.c %_fuzz.c,$(wildcard tests/*/*.c)))
FUZZ_BIN := $(patsubst %.c,$(B)/%,$(filter %_fuzz.c,$(TESTS_HERE)))
BENCH_BIN := $(patsubst %.cc,$(B)/%,$(wildcard bench/*_bench.cc))

PRODUCTS := $(B)/tact $(B)/libtact.a $(B)/libtact.so $(B)/tact.pc
FORMATTED := $(filter-out %_tbl.h,$(wildcard include/tact/*.h src/*/*.[ch] src/*/*.cc tests/*/*.[ch] bench/*.cc bench/*.h))

# ---- Build -----------------------------------------------------------------------------------------------------------

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: FORCE
FORCE:

ifeq ($(V),)
Q := @
say = @printf '  %-8s%s\n' '$(1)' '$(2)';
endif

.PHONY: all
all: $(PRODUCTS) ## the program and the libraries, in build/ (MODE=release) or build/$(MODE)
ifeq ($(MODE),release)
	@for f in tact tact.pc libtact.a libtact.so libtact.so.$(SOVERSION); do ln -sfn $(B:build/%=%)/$$f build/$$f; done
endif

$(B)/%.c.o: %.c $(B)/flags
	$(call say,CC,$<)mkdir -p $(@D)
	$(Q)$(CC) $(PREPROCESS) $(C_FLAGS) $(FILE_FLAGS) -c $< -o $@

$(B)/%.cc.o: %.cc $(B)/flags
	$(call say,CXX,$<)mkdir -p $(@D)
	$(Q)$(CXX) $(PREPROCESS) $(CXX_FLAGS) $(FILE_FLAGS) -c $< -o $@

$(B)/src/cli/%.o: FILE_FLAGS = -DTACT_VERSION='"$(VERSION)"'

# Changed flags rebuild what they apply to.
FLAGS_NOW = $(CC) $(C_FLAGS) $(CXX) $(CXX_FLAGS) $(PREPROCESS) $(LINK_FLAGS) $(LIBS) $(VERSION)
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' >$@

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CLI_OBJ)) \
         $(HELPER_OBJ:.o=.d) $(patsubst %,%.c.d,$(TEST_BIN) $(FUZZ_BIN)) $(patsubst %,%.cc.d,$(BENCH_BIN))

# ---- Products --------------------------------------------------------------------------------------------------------

$(B)/tact: $(CLI_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LINK_FLAGS) -pie $^ $(PROGRAM_LIBS) $(LIBS) -o $@

# Both libraries show tact_* and nothing else, not even what the C++ shims instantiate. In the archive that takes one
# relocatable object whose other symbols are made local; its COMDAT groups are dissolved first, since a linker that
# dropped one in favour of a user's copy would leave the local symbols without their section.
$(B)/libtact.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)ld -r --force-group-allocation -o $(B)/libtact.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='tact_*' $(B)/libtact.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/libtact.o

$(B)/libtact.so.$(SOVERSION): $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)printf '{ global: tact_*; local: *; };\n' >$(B)/libtact.map
	$(Q)$(CXX) $(LINK_FLAGS) -shared -Wl,-soname,$(@F) -Wl,--version-script=$(B)/libtact.map $^ $(LIBS) -o $@

$(B)/libtact.so: $(B)/libtact.so.$(SOVERSION)
	$(Q)ln -sfn $(<F) $@

# What unit tests, benches and fuzz targets link: every object but main's, with its internal names. An archive, so that
# each takes what it uses.
$(B)/internal.a: $(HELPER_OBJ) $(filter-out %/main.c.o,$(LIB_OBJ) $(CLI_OBJ))
	$(Q)rm -f $@ && ar rcsT $@ $^

# ---- Install ---------------------------------------------------------------------------------------------------------

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DOCDIR ?= $(PREFIX)/share/doc/tact
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
HEADERS := $(wildcard include/tact/*.h)
DOCS := README.md LICENSE $(wildcard docs/*.md)

# Written anew for each prefix; a program that links the archive adds what Libs.private names (pkg-config --static).
$(B)/tact.pc: tact.pc.in FORCE
	@mkdir -p $(@D); sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LIBS) -lstdc++|' $< >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/tact.service: tact.service.in FORCE
	@mkdir -p $(@D); sed -e 's|@BINDIR@|$(BINDIR)|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|' -e 's|@DOCDIR@|$(DOCDIR)|' $< >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# What is set there is kept; an untouched file of settings goes as it came.
CONF := $(SYSCONFDIR)/tact/tact.conf

.PHONY: install uninstall
install: $(PRODUCTS) $(B)/tact.service ## program, libraries, headers, pkg-config file, systemd unit and docs under $(DESTDIR)$(PREFIX)
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR)/tact $(DOCDIR) $(UNITDIR) $(dir $(CONF)))
	install -m 755 $(B)/tact $(DESTDIR)$(BINDIR)/tact
	install -m 755 $(B)/libtact.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libtact.so.$(SOVERSION)
	ln -sfn libtact.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libtact.so
	install -m 644 $(B)/libtact.a $(DESTDIR)$(LIBDIR)/libtact.a
	install -m 644 $(B)/tact.pc $(DESTDIR)$(LIBDIR)/pkgconfig/tact.pc
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/tact/
	install -m 644 $(DOCS) $(DESTDIR)$(DOCDIR)/
	install -m 644 $(B)/tact.service $(DESTDIR)$(UNITDIR)/tact.service
	$(B)/tact serve --example >$(DESTDIR)$(DOCDIR)/tact.conf
	[ -e $(DESTDIR)$(CONF) ] || install -m 644 $(DESTDIR)$(DOCDIR)/tact.conf $(DESTDIR)$(CONF)
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true # a program that links libtact.so finds it from now on

uninstall: ## takes away what install put there
	rm -f $(DESTDIR)$(BINDIR)/tact $(DESTDIR)$(LIBDIR)/libtact.so $(DESTDIR)$(LIBDIR)/libtact.so.$(SOVERSION)
	rm -f $(DESTDIR)$(LIBDIR)/libtact.a $(DESTDIR)$(LIBDIR)/pkgconfig/tact.pc
	! cmp -s $(DESTDIR)$(DOCDIR)/tact.conf $(DESTDIR)$(CONF) || rm $(DESTDIR)$(CONF)
	rm -f $(DESTDIR)$(UNITDIR)/tact.service
	rm -rf $(DESTDIR)$(INCLUDEDIR)/tact $(DESTDIR)$(DOCDIR)

# ---- Test ------------------------------------------------------------------------------------------------------------
#
# Targets that set up first and then build call make once more, with all processors: only after set-up is there a
# compiler to ask.

AGAIN = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: test test-build test-run
test: ## sets up, builds and runs the tests (T=cel: one folder, T=cel/vm: one file)
	@tests/setup build test
	@$(AGAIN) test-run

test-build: $(PRODUCTS) $(TEST_BIN)

test-run: test-build
	@TACT=$(CURDIR)/$(B)/tact TACT_BUILD=$(CURDIR)/$(B) MODE=$(MODE) tests/run $(TEST_BIN) $(TEST_SCRIPTS)

$(B)/tests/%_test: $(B)/tests/%_test.c.o $(B)/internal.a
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LINK_FLAGS) -pie $^ -lcmocka $(LIBS) -o $@

.PHONY: thread-run
thread-run: $(THREADED_BIN)
	@TACT_BUILD=$(CURDIR)/$(B) MODE=$(MODE) tests/run $(THREADED_BIN)

.PHONY: cov
cov: ## runs the tests with coverage counters and prints the lines covered, file by file
	@find build/cov -name '*.gcda' -delete 2>/dev/null || true
	@$(AGAIN) test MODE=cov
	@tests/coverage build/cov

# ---- Fuzz and bench --------------------------------------------------------------------------------------------------

SECONDS ?= 60

.PHONY: fuzz fuzz-run
fuzz: ## runs every fuzz target for SECONDS=60 each (T as for test)
	@tests/setup build check
	@$(AGAIN) fuzz-run MODE=fuzz

fuzz-run: $(FUZZ_BIN)
	@tests/fuzz $(SECONDS) $(FUZZ_BIN)

$(B)/tests/%_fuzz: $(B)/tests/%_fuzz.c.o $(B)/internal.a
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LINK_FLAGS) -fsanitize=fuzzer $^ -lcmocka $(LIBS) -o $@

BENCH_FLAGS ?=

.PHONY: bench bench-run
bench: ## runs the benchmarks (BENCH_FLAGS='--benchmark_filter=…')
	@tests/setup build bench
	@$(AGAIN) bench-run

bench-run: $(BENCH_BIN)
	@set -e; for b in $(BENCH_BIN); do echo "== $$b"; $$b $(BENCH_FLAGS); done

$(B)/bench/%_bench: $(B)/bench/%_bench.cc.o $(B)/internal.a
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LINK_FLAGS) -pie $^ -lbenchmark $(LIBS) -o $@

# ---- Check: what CI runs ---------------------------------------------------------------------------------------------

step = @printf '\n==== %s\n' '$(1)'

.PHONY: check tidy lint
check: export WERROR := 1
check: ## everything that CI runs: tests in several modes, both compilers, tidy, lint, short benches and fuzz
	$(call step,make test)
	@$(MAKE) --no-print-directory test
	$(call step,the tree: arrows doors reachability formatting)
	@tests/setup build test check bench
	@tests/tidy
	$(call step,make demo)
	@$(MAKE) --no-print-directory demo
	$(call step,clang: builds without a warning and passes)
	@$(AGAIN) test-run CC=clang
	$(call step,address and undefined-behaviour sanitizers)
	@$(AGAIN) test-run MODE=asan
	$(call step,thread sanitizer)
	@$(AGAIN) thread-run MODE=tsan
	$(call step,lint)
	@$(AGAIN) lint
	$(call step,benches at their smallest)
	@$(AGAIN) bench-run BENCH_FLAGS=--benchmark_min_time=0.01
	$(call step,fuzz for a few seconds each)
	@$(AGAIN) fuzz-run MODE=fuzz SECONDS=5
	@printf '\n==== make check: all passed\n'

tidy: ## includes follow the design, nothing is unreachable, formatting is right
	@tests/tidy

lint: $(addprefix $(B)/lint/,$(filter %.c,$(LIB_SRC) $(CLI_SRC))) ## clang-tidy over the sources
$(B)/lint/%: % .clang-tidy
	$(call say,TIDY,$<)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- -std=gnu17 -Iinclude -Isrc -DTACT_VERSION='"$(VERSION)"' >$@.log 2>&1 || { cat $@.log; exit 1; }
	$(Q)touch $@

# ---- The rest --------------------------------------------------------------------------------------------------------

.PHONY: demo format clean help
demo: ## sets up, builds and shows what Tact can do
	@tests/setup build
	@$(AGAIN) $(B)/tact
	@TACT=$(B)/tact rules/sample/demo.sh

format: ## formats every source file in place
	clang-format-14 -i $(FORMATTED)

clean: ## takes away what was built; the npm packages that tests read stay (build/npm)
	rm -rf $(addsuffix *,$(addprefix build/,$(MODES))) build/tact build/tact.pc build/libtact.*

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@sed -n '/^#   MODE=/,/^#   V=1/s/^# / /p' Makefile
