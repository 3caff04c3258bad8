-- +goose Up
-- The gateway that a payment goes through; its refunds go the same way.
ALTER TABLE payment ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'bankbox' CHECK (channel IN ('bankbox','wechatpay'));
-- In how many terms its buyer pays the card's bank back; null: at once.
ALTER TABLE payment ADD COLUMN instalments INT CHECK (instalments > 1);
CREATE INDEX payment_number ON payment (payment_no);

-- +goose Down
-- The index goes with its table: to drop one is not the same statement on both
-- engines.
ALTER TABLE payment DROP COLUMN instalments;
ALTER TABLE payment DROP COLUMN channel;
