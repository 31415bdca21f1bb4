# make run and make test need Go and make, nothing else.

GO          ?= go
BIN         := bin/carillon
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/carillon
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/carillon

.PHONY: run
run: build ## start Carillon on 127.0.0.1:4566 with its data in ./data
	./$(BIN) serve --data ./data

.PHONY: test
test: ## everything that needs only Go; under 5 minutes on 2 cores
	$(GO) test -timeout 5m ./...

.PHONY: race
race: ## the same under the race detector
	$(GO) test -race -timeout 15m ./...

.PHONY: lint
lint: generate-check ## gofmt, go vet, staticcheck, and that generated files are fresh
	@test -z "$$(gofmt -l carillontest cmd internal test examples 2>/dev/null)" || { gofmt -l carillontest cmd internal test examples; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

.PHONY: generate
generate: ## write generated files anew
	$(GO) generate ./...

.PHONY: generate-check
generate-check: generate ## fail if a generated file was not fresh
	@git diff --exit-code --stat -- internal/awsmodel docs/compat.md docs/permissions.md || { echo "run make generate and commit"; exit 1; }

.PHONY: conformance
conformance: build ## real clients against the real binary; installs what it needs
	test/conformance/run

.PHONY: examples
examples: build ## the programs of examples/ against the real binary; installs what it needs
	test/examples/run

.PHONY: deploy-check
deploy-check: build ## the Helm chart, the systemd unit and, with an engine, the image; installs what it needs
	test/deploy/run

.PHONY: demo
demo: build ## real GitHub events through a bus, rules and queues, with a kill -9 in the middle
	./$(BIN) demo --once

.PHONY: bench
bench: build ## the figures of docs/benchmarks.md
	./$(BIN) bench --start --echo --fdatasync

.PHONY: bench-pattern
bench-pattern: ## the pattern engine: events/s, memory and build time by rules and operators
	$(GO) test ./internal/pattern/engine -run '^$$' -bench . -benchtime 1s -timeout 20m

.PHONY: fuzz
fuzz: ## every fuzz target for 30 s
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s $$pkg || exit 1; \
		done; \
	done

.PHONY: soak
soak: build ## long crash, load and scale tests; CARILLON_SOAK sets how long (default 10m)
	CARILLON_SOAK=$${CARILLON_SOAK:-10m} $(GO) test -count=1 -timeout 3h -v ./test/... ./internal/store ./internal/queue

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
