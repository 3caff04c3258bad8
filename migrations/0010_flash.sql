-- +goose Up
-- The epoch of admission's picture of a sale: any other picture is an old copy.
ALTER TABLE flash_sale ADD COLUMN epoch VARCHAR(40) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE flash_sale DROP COLUMN epoch;
