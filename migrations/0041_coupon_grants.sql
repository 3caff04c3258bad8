-- +goose Up
-- When an order last gave a coupon back; null for one that none did.
ALTER TABLE coupon ADD COLUMN returned_at DATETIME(6);
-- A batch's coupons, the newest first.
CREATE INDEX coupon_batch_page ON coupon (bank_id, batch_id, id);

-- +goose Down
-- What follows ! only MySQL's protocol reads.
DROP INDEX coupon_batch_page /*! ON coupon */;
ALTER TABLE coupon DROP COLUMN returned_at;
