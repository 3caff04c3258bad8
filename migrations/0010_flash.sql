-- +goose Up
-- The epoch of admission's picture of a sale: any other picture is an old copy.
ALTER TABLE flash_sale ADD COLUMN epoch VARCHAR(40) NOT NULL DEFAULT '';
-- Units ever sold, those that came back too: it counts up only, so that a node
-- knows whether it has heard of every buyer.
ALTER TABLE flash_sale ADD COLUMN sold_ever BIGINT NOT NULL DEFAULT 0;
UPDATE flash_sale SET sold_ever = sold;

-- +goose Down
ALTER TABLE flash_sale DROP COLUMN sold_ever;
ALTER TABLE flash_sale DROP COLUMN epoch;
