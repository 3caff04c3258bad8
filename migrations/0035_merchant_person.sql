-- +goose Up
-- The merchant whose own account this is; none for the bank's own staff. Set when the
-- person is made, and never changed.
ALTER TABLE staff ADD COLUMN merchant_id VARCHAR(40);

-- +goose Down
ALTER TABLE staff DROP COLUMN merchant_id;
