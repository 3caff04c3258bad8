-- +goose Up
-- What a gateway charges by its file of a date, as the ledger has it: fee_count
-- entries made it so. fee_bps is the rate where the file has no fees of its own.
ALTER TABLE reconciliation ADD COLUMN fee_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reconciliation ADD COLUMN fee_count INT NOT NULL DEFAULT 0;
ALTER TABLE reconciliation ADD COLUMN fee_bps BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE reconciliation DROP COLUMN fee_bps;
ALTER TABLE reconciliation DROP COLUMN fee_count;
ALTER TABLE reconciliation DROP COLUMN fee_fen;
