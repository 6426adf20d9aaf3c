# Everything that one does with this repository. `make` alone lists it.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZTIME  ?= 10s
TESTFLAGS ?=
SEED      ?= 0

# The packages whose tests take longest are begun first, so that no processor waits for
# the last of them.
SLOWEST = ./web ./cmd/batsignal ./cmd/bench

# Tests wait for servers and browsers, so half as many packages again as there are
# processors are tested at once.
ATONCE = $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 )))

# Git refuses to speak about a checkout of somebody else, and then go build fails.
BUILDVCS = $(if $(shell git status --porcelain -uno >/dev/null 2>&1 && echo yes),auto,false)

# What opens sealed addresses, keeps keys or takes codes is also looked through for what is
# known to be unsafe. Each finding is answered where it is, by "#nosec" and a reason.
GOSEC  = github.com/securego/gosec/v2/cmd/gosec@v2.30.0
SECRET = ./oncall/escrow/... ./oncall/ledger/... ./oncall/custody/... ./oncall/switchboard/... ./oncall/unseal/... ./oncall/secret/... \
	./integrations/switchboard/... ./web/switchboard/... ./cmd/batsignal

# The folders of tests that rewrite what they compare with when -update is given,
# and of those that do so with a part of the docs: their names say "Docs".
folders = $(sort $(dir $(shell grep -rlE '$(1)' --include='*_test.go' .)))
GOLDEN  = $(call folders,flag.Bool."update")
DOCS    = $(call folders,^func Test[A-Za-z]*Docs)

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: needrun build ## Install what is missing, build, and ring an example roster in this terminal
	@exec ./batsignal run

.PHONY: try
try: needrun build ## Play a whole scripted emergency and print it
	@exec ./batsignal try --script heartbleed

.PHONY: build
build: needgo ## Build ./batsignal
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -ldflags '-s -w' -o batsignal ./cmd/batsignal

.PHONY: test
test: needgo needtest ## Install the servers that the tests use, and test everything
	go test -timeout 20m -p $(ATONCE) $(TESTFLAGS) $(SLOWEST) ./...

.PHONY: test-integration
test-integration: needgo needtest servers ## Run the long tests too: jobs from chat to the real Vault, Consul, S3, SFTP, restic and Postgres
	scripts/long.sh -p $(ATONCE) $(TESTFLAGS)

.PHONY: servers
servers: needgo needtest ## Build Vault and Consul for the tests: some minutes, once on a machine
	TEST_BUILD_SERVERS=1 go test -count=1 -timeout 60m -p 1 -run TestTheServerIsBuilt ./integrations/consul/consultest ./integrations/vault/vaulttest

.PHONY: race
race: needgo needtest ## The same, looking for data races
	go test -race -timeout 40m $(TESTFLAGS) ./...

.PHONY: cover
cover: needgo needtest ## The same, saying which lines no test reached (coverage.html)
	go test -timeout 30m -coverpkg=./... -coverprofile=coverage.out $(TESTFLAGS) ./...
	go tool cover -html=coverage.out -o coverage.html
	go tool cover -func=coverage.out | tail -n 1

.PHONY: fuzz
fuzz: needgo needtest ## Fuzz each parser for FUZZTIME (10s)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file func; do \
		echo "== $${func#func } ($$(dirname "$$file"))"; \
		go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

.PHONY: golden
golden: needgo needtest ## Rewrite transcripts, the schema and the docs from the code
	go test -count=1 -timeout 20m $(GOLDEN) -update

.PHONY: schema
schema: needgo needrun ## Rewrite migrations/schema.sql from the migrations
	go test -count=1 $(filter ./migrations/%,$(GOLDEN)) -run Schema -update

.PHONY: docs
docs: needgo needrun ## Rewrite the generated parts of the docs
	go test -count=1 $(DOCS) -run Docs -update

.PHONY: faults
faults: needgo needtest ## Kill, cut and freeze what pages, in RUNS (1000) seeded runs; SEED=42 replays one
	go test ./cmd/faults -run 'TestFaults$$' -count=1 -timeout 0 -v -args -seed=$(SEED) \
		-runs=$(or $(RUNS),$(if $(filter-out 0,$(SEED)),1,1000)) | grep -v -e '^=== ' -e '^ *--- PASS'

.PHONY: bench
bench: needgo needtest ## Measure: the benchmarks, then the figures of docs/performance.md
	go test -run '^$$' -bench . -benchmem ./...
	@if [ -d cmd/bench ]; then exec go run ./cmd/bench; fi

.PHONY: lint
lint: needgo ## gofmt, go vet, staticcheck, errcheck and gosec (docs/decisions/0003-linters.md)
	@unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	go tool -modfile=tools/go.mod errcheck -ignoretests -exclude tools/errcheck.exclude ./...
	go run $(GOSEC) -quiet $(SECRET)

# What a target needs before it can begin.

.PHONY: needgo needrun needtest
needgo:
	@scripts/need.sh go
needrun:
	@scripts/need.sh run
needtest:
	@scripts/need.sh test
