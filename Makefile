# Two commands do everything: `make run` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := run
.PHONY: run test crash build web client screens clean bench-orders bench-live

run: ## the whole product on the embedded default, with demo data
	@scripts/run

test: ## every test, on private servers
	@scripts/test

crash: ## 300 crash runs; CRASH_RUNS and CRASH_SEED name others
	@go test ./cmd/yinbo -run 'Crash$$' -tags crash -count 1 -timeout 2h -v

build: web ## bin/yinbo and bin/bankbox with the apps inside
	@scripts/build

web: ## web/dist, when its sources are newer
	@scripts/web-build

client: ## the OpenAPI document and the typed client made from it
	@go run ./cmd/yinbo openapi > web/packages/client/openapi.json
	@cd web && npm run --silent client

screens: build ## docs/screens, anew
	@scripts/screens

bench-orders: ## flash sales against baselines, on private servers
	@go run ./bench/orders

bench-live: ## rooms against a plain gorilla hub, on private servers
	@go run ./bench/live

clean: ## what was built; the state in var stays
	@rm -rf bin web/dist/assets web/dist/*.html web/dist/host web/dist/desk
