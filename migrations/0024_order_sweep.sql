-- +goose Up
-- Orders that were not paid are found by their time, by one sweep for all; nothing
-- is written for each. What follows ! only MySQL's protocol reads.
DROP INDEX orders_flash /*! ON orders */;
CREATE INDEX orders_expiry ON orders (status, expires_at);
UPDATE outbox SET state = 'cancelled', ended_at = created_at WHERE kind = 'order.expire' AND state = 'pending';

-- +goose Down
DROP INDEX orders_expiry /*! ON orders */;
CREATE INDEX orders_flash ON orders (flash_id, status);
INSERT INTO outbox (id, bank_id, kind, ref, payload, state, due_at, next_at, attempts, created_at)
  SELECT CONCAT('exp_', id), bank_id, 'order.expire', id, '{}', 'pending', expires_at, expires_at, 0, created_at FROM orders WHERE status = 'pending_payment';
