# Chancery. `make help` lists the targets.
#
# V picks how things are compiled, each in its own folder build/$(V):
#   release  what ships         debug  -DTESTING, ASan and UBSan (tests)
#   tsan     -DTESTING, TSan    fuzz   clang, libFuzzer, ASan and UBSan
#   load     -DTESTING, optimised, no sanitizer
V ?= debug
B := build/$(V)
G := build/gen
CC := gcc

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wno-missing-field-initializers -Wcast-qual -Wvla -Wformat=2 -Werror=incompatible-pointer-types -Werror=implicit-function-declaration
ifdef CI
WARN += -Werror
endif
BASE := -std=c17 -D_GNU_SOURCE -g -fPIE -pthread -MD -MP -Ilib -I. -isystem $(G) -isystem $(G)/lib -isystem $(shell pg_config --includedir 2>/dev/null)
MODE_release := -O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong -ftrivial-auto-var-init=zero
MODE_debug   := -O1 -DTESTING -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MODE_load    := -O2 -DTESTING -fno-omit-frame-pointer
MODE_tsan    := -O1 -DTESTING -fsanitize=thread -fno-omit-frame-pointer
MODE_fuzz    := -O1 -DTESTING -DFUZZING -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
ifeq ($(V),fuzz)
CC := clang
endif
CFLAGS  := $(BASE) $(WARN) $(MODE_$(V)) $(EXTRA_CFLAGS)
LDFLAGS := -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(filter -fsanitize% -O%,$(MODE_$(V)))
# What the build is called changes with each commit: no library, so that only programs are linked anew for it.
VERSION_O := $(B)/lib/base/version.o
LIBS := $(VERSION_O) -lprotobuf-c -lzmq -lhiredis -lmicrohttpd -lpq -lcurl -lunbound -lpsl -lidn2 -lcmark -lssl -lcrypto -lz -ldl -lm

SERVICES := $(notdir $(wildcard services/*))
BINS := $(patsubst services/%/main.c,$(B)/bin/chancery-%,$(wildcard services/*/main.c)) $(if $(wildcard cli/*.c),$(B)/bin/chancery)

# Generated: messages from proto/, statements from every .sql outside db/.
PROTO := $(wildcard proto/*.proto tests/proto/*.proto)
PB_C  := $(patsubst %.proto,$(G)/%.pb-c.c,$(notdir $(PROTO)))
PB_H  := $(PB_C:.c=.h)
SQL   := $(sort $(shell find lib services $(wildcard cli) -name '*.sql'))
SQL_C := $(SQL:%.sql=$(G)/%.sql.c)
SQL_H := $(SQL_C:.c=.h)

ours     = $(filter-out %_test.c,$(sort $(shell find $(1) -name '*.c' -not -path '*/testdata/*' 2>/dev/null)))
sql_of   = $(patsubst %,$(B)/gen/%.sql.o,$(basename $(filter $(1)/%,$(SQL))))
objects  = $(patsubst %.c,$(B)/%.o,$(call ours,$(1))) $(call sql_of,$(1))
LIB_O   := $(filter-out $(VERSION_O),$(call objects,lib)) $(PB_C:$(G)/%.c=$(B)/gen/%.o)
LIB     := $(B)/libchancery.a
# Gives the whole process its malloc(); by name, since a sanitizer's would be found first.
MEMORY  := $(B)/lib/base/memory.o
TEST_C  := $(sort $(shell find lib services $(wildcard cli) tests -name '*_test.c' -not -path 'tests/integration/*' -not -path '*/node_modules/*' 2>/dev/null))
TESTS   := $(TEST_C:%.c=$(B)/%)
# Loadable modules that tests hand to the code under test.
TEST_SO := $(patsubst %.c,$(B)/%.so,$(shell find services -path '*/testdata/*.c'))
# Outside parties that tests talk to; each is a program of such a file.
PEERS := $(patsubst %.c,$(B)/%,$(wildcard tests/peers/*.c))

.PHONY: all help clean gen bins unit always peers integration
.SECONDARY:
all: bins

help:
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | sort | expand -t 20

bins: $(BINS) ## build every service and the chancery command (V=release for what ships)

gen: $(PB_H) $(SQL_H) $(G)/version.def

# What this build is: CHANCERY_VERSION, else what git says of the tree. Compiled again only when it changes.
# It is a label of a metric, which has room for 31 letters.
$(G)/version.def: always
	@mkdir -p $(@D)
	@v=$${CHANCERY_VERSION:-$$(git describe --tags --always --dirty 2>/dev/null || echo 'unknown (built without git)')}; \
	    printf '"%s"\n' "$$(printf %s "$$v" | tr -cd 'A-Za-z0-9._+() -' | cut -c1-31)" > $@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@
$(VERSION_O): $(G)/version.def

$(G)/%.pb-c.c $(G)/%.pb-c.h: proto/%.proto
	@mkdir -p $(G)
	protoc-c -Iproto --c_out=$(G) $<

$(G)/%.pb-c.c $(G)/%.pb-c.h: tests/proto/%.proto
	@mkdir -p $(G)
	protoc-c -Iproto -Itests/proto --c_out=$(G) $<

$(G)/%.sql.c $(G)/%.sql.h: %.sql tools/sqlgen.awk
	@mkdir -p $(@D)
	awk -f tools/sqlgen.awk -v file=$< -v header=$(G)/$*.sql.h $< > $(G)/$*.sql.c.part
	@mv $(G)/$*.sql.c.part $(G)/$*.sql.c

# Generated code is not held to our warnings; everything of ours may include any generated header.
$(B)/gen/%.o: $(G)/%.c | $(PB_H) $(SQL_H)
	@mkdir -p $(@D)
	$(CC) $(BASE) $(MODE_$(V)) -w -c $< -o $@

$(B)/%.o: %.c | $(PB_H) $(SQL_H)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_$(firstword $(subst /, ,$(<:services/%=%)))) -c $< -o $@

$(LIB): $(LIB_O) | $(VERSION_O)
	@rm -f $@
	ar rcs $@ $^

# The library comes last: what a test brings of its own may need it.
LINK_TEST = $(CC) $(LDFLAGS) $(filter-out $(LIB),$^) $(LIB) $(LIBS) -lcmocka -o $@

define service_rules
INC_$(1) := -Iservices/$(1) -isystem $(G)/services/$(1)
$(B)/bin/chancery-$(1): $(call objects,services/$(1)) $(MEMORY) $(LIB) $(VERSION_O)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) $$(filter-out $(VERSION_O),$$^) $$(LIBS) -o $$@
$(patsubst %.c,$(B)/%,$(filter services/$(1)/%,$(TEST_C))): $(B)/%_test: $(B)/%_test.o $(filter-out %/main.o,$(call objects,services/$(1))) $(LIB)
	$$(LINK_TEST)
endef
$(foreach s,$(SERVICES),$(eval $(call service_rules,$(s))))

# The checks of what is signed are the issuer's; they need nothing else of it.
LINTS_O := $(patsubst %.c,$(B)/%.o,$(filter-out %_test.c,$(wildcard services/issuer/lints/*.c)) services/issuer/x509/tbs.c)
INC_cli := -Icli -Iservices/issuer
$(B)/bin/chancery: $(call objects,cli) $(LINTS_O) $(MEMORY) $(LIB) $(VERSION_O)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(filter-out $(VERSION_O),$^) $(LIBS) -o $@

$(filter $(B)/cli/%,$(TESTS)): $(B)/%_test: $(B)/%_test.o $(filter-out %/main.o,$(call objects,cli)) $(LINTS_O) $(LIB)
	$(LINK_TEST)

$(filter $(B)/lib/% $(B)/policy/%,$(TESTS)): $(B)/%_test: $(B)/%_test.o $(LIB)
	$(LINK_TEST)

# All statements of all programs, for the test that tries them on the schema.
$(G)/all_sql.c: $(SQL) always
	@mkdir -p $(@D)
	@awk -f tools/sqllist.awk $(SQL) > $@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@

$(filter $(B)/tests/%,$(TESTS)): $(B)/%_test: $(B)/%_test.o $(B)/gen/all_sql.o $(SQL:%.sql=$(B)/gen/%.sql.o) $(LIB)
	$(LINK_TEST)

# Every message and enum there is, for the test that looks each row of wire.def up.
$(G)/types.def: $(PB_H)
	sed -n -e 's/^extern const ProtobufCMessageDescriptor *\(.*\);/MESSAGE_TYPE(\1)/p' \
	       -e 's/^extern const ProtobufCEnumDescriptor *\(.*\);/ENUM_TYPE(\1)/p' $(PB_H) > $@
$(B)/lib/message/wire_test.o: | $(G)/types.def

# The calls of the published API as rows, for the door that says which of them it does not serve.
$(G)/published.def: services/gateway/published.txt
	@mkdir -p $(@D)
	sed -En 's!^(GET|POST|PUT|PATCH|DELETE) ([^ ]*) .*!PUBLISHED(\1, "/\2")!p' $< > $@
$(B)/services/gateway/published.o: | $(G)/published.def

# The checks that issuers know, as rows, for whoever loads a policy that names them.
$(G)/checks.def: $(sort $(wildcard services/issuer/lints/*.c)) tools/checks.awk
	@mkdir -p $(@D)
	awk -f tools/checks.awk $(filter %.c,$^) > $@.part
	@mv $@.part $@
$(B)/cli/rule_check.o $(B)/services/issuer/calendar_test.o: | $(G)/checks.def

# The comments of proto/, for the API's description.
$(G)/descriptions.def: $(wildcard proto/*.proto) tools/describe.awk
	@mkdir -p $(@D)
	awk -f tools/describe.awk $(wildcard proto/*.proto) > $@.part
	@mv $@.part $@
$(B)/services/gateway/openapi_comment.o: | $(G)/descriptions.def

# Runs a command beside a PostgreSQL that its tests share.
WITH_DATABASE := $(B)/tests/with_database
$(WITH_DATABASE): $(B)/tests/with_database.o $(LIB)
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(B)/%.so: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(WARN) -O1 -fPIC -shared $< -ldl -o $@
$(TESTS): | $(TEST_SO)

# The log of certificates has parts.
$(B)/tests/peers/ct_log: $(patsubst %.c,$(B)/%.o,$(wildcard tests/peers/log/*.c))
$(PEERS): %: %.o $(LIB)
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@
integration: bins peers $(TEST_SO) ## what tests/integration/run needs
peers: $(PEERS) ## the outside parties of tests and of the demonstration
$(TESTS): | $(PEERS)
# The clock's own test begins without an offset.
$(filter-out %/clock_test,$(TESTS)): $(B)/lib/testing/day.o
$(B)/lib/testing/%.o: CFLAGS += -DBUILD_DIR='"$(B)"'

# How many calls a second the bus carries: make V=release build/release/bench/bus/calls
$(B)/bench/bus/calls: $(B)/bench/bus/calls.o $(LIB)
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

# ---- Fuzzing. A target is fuzz/NAME.c with its corpus in fuzz/corpus/NAME.
FUZZ_TARGETS := $(filter-out replay,$(basename $(notdir $(wildcard fuzz/*.c))))
FUZZ_BINS    := $(FUZZ_TARGETS:%=$(B)/fuzz/%)
# Runs under libFuzzer where it is built for that, else over the files it is given.
ifeq ($(V),fuzz)
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN := $(B)/fuzz/replay.o
$(FUZZ_BINS): $(FUZZ_MAIN)
endif

$(FUZZ_BINS): $(B)/fuzz/%: $(B)/fuzz/%.o $(LIB)
	$(CC) $(LDFLAGS) $(filter-out $(FUZZ_MAIN) $(LIB),$^) $(FUZZ_MAIN) $(LIB) $(LIBS) -o $@

# What it reads a request with is the gateway's.
$(B)/fuzz/request: $(addprefix $(B)/services/gateway/,http_input.o ignored.o members.o percent.o proxy.o published.o query.o route.o)

# The readers of CRLs and OCSP responses, and what is checked of them, are the issuer's.
$(B)/fuzz/status: $(foreach o,$(LINTS_O),$(if $(findstring /status_,$(o)),$(o)))

.PHONY: fuzz-replay fuzz-seeded $(FUZZ_TARGETS:%=fuzz-%)
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%:
	$(MAKE) V=fuzz build/fuzz/fuzz/$*

fuzz-seeded: ## does every fuzz target find the bug that is seeded for it?
	tools/fuzz-seeded

fuzz-replay: $(FUZZ_BINS) ## every fuzz target over its corpus (fuzz-NAME builds one for fuzzing)
	@for t in $(FUZZ_TARGETS); do $(B)/fuzz/$$t fuzz/corpus/$$t || exit 1; done

.PHONY: snapshots
snapshots: $(B)/bin/chancery ## write policy/snapshots anew: what each product is on a few days
	$< policy snapshot

# ---- Weak keys. What is made is kept in build/weak-keys, so that it goes on where it was ended; to help a run,
# start another. All of it takes some 10 hours of one core with AVX-512 IFMA: docs/guide/keys.md.
WEAK_KEYS := build/release/tools/weak-keys/weak-keys
$(WEAK_KEYS): $(wildcard tools/weak-keys/*.[ch]) lib/pki/weak_list.h
	@mkdir -p $(@D)
	$(CC) $(BASE) $(WARN) $(MODE_release) -O3 $(filter %.c,$^) -pie -lcrypto -o $@

.PHONY: weak-keys weak-keys-check
weak-keys-check: $(WEAK_KEYS)
	@tools/weak-keys/verify $<

weak-keys: $(WEAK_KEYS) ## make the keys of policy/weak-keys that are missing, and the lists anew (hours)
	@mkdir -p build/weak-keys
	$< make
	$< lists policy/weak-keys

# ---- Measuring. bench/run starts everything and prints the table.
.PHONY: bench
bench: ## how fast it is (QUICK=1: in a minute); rows go to bench/results
	$(MAKE) V=release bins peers bench-tools
	bench/run
.PHONY: floods
floods: ## what a stranger notices of floods (SCALE=0.1: of small ones); rows go to bench/results
	$(MAKE) V=release bins peers
	bench/floods
BENCH := $(addprefix $(B)/bench/,pool load calibrate empty lints)
INC_bench := -Ibench -Iservices/issuer -isystem $(G)/services/issuer
.PHONY: bench-tools
bench-tools: $(BENCH)
$(BENCH): $(B)/bench/%: $(B)/bench/%.o $(LIB)
	$(CC) $(LDFLAGS) $(filter-out $(LIB),$^) $(LIB) $(LIBS) -o $@
$(B)/bench/load: $(B)/bench/requests.o $(B)/bench/tally.o
$(B)/bench/calibrate: $(call objects,services/issuer/token)
$(B)/bench/lints: $(foreach d,lints x509 token,$(call objects,services/issuer/$(d)))

# `exec`, since make tells its child alone to end, and a shell between them would keep that for itself.
.PHONY: run test judges soak everything
run: ## start the whole product and show its main job; up until Ctrl-C (ONCE=1: only show; DIR: where, var)
	@tools/install build run
	@tools/stack check "$(or $(DIR),var)"
	@MAKE="$(MAKE)" tools/build release bins peers
	@exec tools/stack run "$(or $(DIR),var)"

test: ## all tests: unit, generated documents, fuzz corpora, integration (DAY=2028-02-29: on that day; PARTS: some of them)
	@[ -z "$$DAY" ] || tools/day "$$DAY"
	@tools/install build run test
	@tools/rights
	@MAKE="$(MAKE)" tools/build $(V) everything
	@exec env V=$(V) tools/test

judges: ## has zlint, OpenSSL, GnuTLS, NSS and Java judge a thousand certificates (COUNT: of how many orders)
	@tools/install build run judges
	@tools/rights
	@MAKE="$(MAKE)" tools/build $(V) integration
	@exec env V=$(V) tests/judges/run $(COUNT)

soak: ## orders while anybody may be hurt, for SECONDS (300), then the checks of the promise (SEED repeats one)
	@tools/install build run test
	@tools/rights
	@MAKE="$(MAKE)" tools/build $(V) bins peers $(TEST_SO)
	@exec env V=$(V) tests/integration/soak $(or $(SECONDS),300) $(SEED)

everything: bins peers $(TESTS) $(TEST_SO) $(WITH_DATABASE) $(FUZZ_BINS)

unit: $(TESTS) $(WITH_DATABASE) ## unit tests beside the code, under ASan and UBSan
	@tools/run-halves $(WITH_DATABASE) $(TESTS)

# ---- On a host, for systemd: docs/guide/install.md. DESTDIR stands before every path, for packages; settings
# that are there stay as they are, and `uninstall` leaves them and what was written.
PREFIX        ?= /usr/local
BINDIR        ?= $(PREFIX)/bin
DATADIR       ?= $(PREFIX)/share/chancery
DOCDIR        ?= $(PREFIX)/share/doc/chancery
UNITDIR       ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR   ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR   ?= $(PREFIX)/lib/tmpfiles.d
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
INSTALL       ?= install
HOST_PROGRAMS := chancery $(SERVICES:%=chancery-%)
HOST_UNITS    := $(notdir $(wildcard deploy/host/*.service deploy/host/*.target))
HOST_SETTINGS := $(notdir $(wildcard deploy/host/*.env)) operator.sh softhsm2.conf
PLACES = -e 's|@BINDIR@|$(BINDIR)|g' -e 's|@DATADIR@|$(DATADIR)|g' -e 's|@DOCDIR@|$(DOCDIR)|g' \
         -e 's|@CONFDIR@|$(SYSCONFDIR)/chancery|g' -e 's|@STATEDIR@|$(LOCALSTATEDIR)/lib/chancery|g'
put = sed $(PLACES) deploy/host/$(1) | $(INSTALL) -D -m 644 /dev/stdin "$(DESTDIR)$(2)"

.PHONY: install uninstall
install: ## programs, units, policy, migrations, guides and example settings (PREFIX, DESTDIR)
	@$(MAKE) --no-print-directory V=release bins
	$(INSTALL) -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(DATADIR)" "$(DESTDIR)$(DOCDIR)"
	$(INSTALL) -m 755 $(HOST_PROGRAMS:%=build/release/bin/%) "$(DESTDIR)$(BINDIR)"
	$(call put,chancery-as,$(BINDIR)/chancery-as)
	chmod 755 "$(DESTDIR)$(BINDIR)/chancery-as"
	rm -rf "$(DESTDIR)$(DATADIR)"/*
	cp -R policy db/migrations db/functions "$(DESTDIR)$(DATADIR)"
	cp docs/guide/*.md "$(DESTDIR)$(DOCDIR)"
	chmod -R a+rX,go-w "$(DESTDIR)$(DATADIR)" "$(DESTDIR)$(DOCDIR)"
	$(foreach f,$(HOST_UNITS),$(call put,$f,$(UNITDIR)/$f) &&) true
	$(call put,confined.conf,$(UNITDIR)/chancery-.service.d/confined.conf)
	$(call put,sysusers.conf,$(SYSUSERSDIR)/chancery.conf)
	$(call put,tmpfiles.conf,$(TMPFILESDIR)/chancery.conf)
	$(foreach f,$(HOST_SETTINGS),{ [ -e "$(DESTDIR)$(SYSCONFDIR)/chancery/$f" ] || $(call put,$f,$(SYSCONFDIR)/chancery/$f); } &&) true

uninstall: ## remove what `make install` brought, but for settings
	rm -f $(patsubst %,"$(DESTDIR)$(BINDIR)/%",$(HOST_PROGRAMS) chancery-as) $(HOST_UNITS:%="$(DESTDIR)$(UNITDIR)/%")
	rm -f "$(DESTDIR)$(SYSUSERSDIR)/chancery.conf" "$(DESTDIR)$(TMPFILESDIR)/chancery.conf"
	rm -rf "$(DESTDIR)$(DATADIR)" "$(DESTDIR)$(DOCDIR)" "$(DESTDIR)$(UNITDIR)/chancery-.service.d"

# ---- What other compilers and checkers say of each file of ours.
OURS := $(sort $(shell find lib services cli tests bench fuzz tools/weak-keys -name '*.c' -not -path '*/testdata/*' -not -path '*/node_modules/*' 2>/dev/null))
FLAGS_OF = $(filter-out -MD -MP,$(BASE)) -DTESTING -DBUILD_DIR='"$(B)"' $(INC_$(firstword $(subst /, ,$(1:services/%=%))))
.PHONY: tidy cppcheck $(OURS:%=%.tidy)
tidy: $(OURS:%=%.tidy) ## clang-tidy over everything
$(OURS:%=%.tidy): %.tidy: gen $(G)/types.def $(G)/published.def $(G)/checks.def $(G)/descriptions.def
	@clang-tidy --quiet --warnings-as-errors='*' $* -- $(call FLAGS_OF,$*) 2>$(G)/$(subst /,_,$*).tidy || { cat $(G)/$(subst /,_,$*).tidy; exit 1; }
cppcheck: gen $(G)/types.def $(G)/published.def $(G)/checks.def $(G)/descriptions.def ## cppcheck over everything
	@cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --suppress='*:$(G)/*' -j2 -DTESTING -Ilib -I. -I$(G) -I$(G)/lib $(addprefix -Iservices/,$(SERVICES)) $(OURS)

clean: ## remove build/
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- generated documents, committed so that a change of the API is a diff
openapi: $(B)/bin/chancery-gateway ## write docs/api/openapi.json
	@mkdir -p docs/api
	$< --openapi | tools/examples > docs/api/openapi.json

openapi-check: $(B)/bin/chancery-gateway
	@$< --openapi | tools/examples | cmp -s - docs/api/openapi.json || \
	    { echo "docs/api/openapi.json is stale: run make openapi"; exit 1; }
	@tools/described
settings: $(BINS) ## write docs/guide/settings.md
	@mkdir -p docs/guide
	tools/settings $(B)/bin > docs/guide/settings.md

settings-check: $(BINS)
	@tools/settings $(B)/bin | cmp -s - docs/guide/settings.md || \
	    { echo "docs/guide/settings.md is stale: run make settings"; exit 1; }
coverage: ## write docs/api/coverage.md from openapi.json, policy/products and published.txt
	tools/coverage > docs/api/coverage.md
.PHONY: openapi openapi-check settings settings-check coverage
