-- +goose Up
-- A flash order is its press's kept answer: its row has the hashes of the key and
-- of the body under which it was placed. A viewer's own orders are found by the
-- same index.
ALTER TABLE orders ADD COLUMN request_key VARCHAR(64);
ALTER TABLE orders ADD COLUMN request_body VARCHAR(64);
UPDATE orders SET
  request_key = (SELECT MAX(i.key_hash) FROM idempotency i WHERE i.bank_id = orders.bank_id AND i.person_id = orders.viewer_id
    AND i.route = CONCAT('POST /flash/', orders.flash_id, '/orders') AND i.response LIKE CONCAT('{"id":"', orders.id, '"%')),
  request_body = (SELECT MAX(i.body_hash) FROM idempotency i WHERE i.bank_id = orders.bank_id AND i.person_id = orders.viewer_id
    AND i.route = CONCAT('POST /flash/', orders.flash_id, '/orders') AND i.response LIKE CONCAT('{"id":"', orders.id, '"%'))
  WHERE flash_id IS NOT NULL;
CREATE UNIQUE INDEX orders_request ON orders (bank_id, viewer_id, flash_id, request_key);
DROP INDEX orders_viewer /*! ON orders */;

-- +goose Down
CREATE INDEX orders_viewer ON orders (bank_id, viewer_id, id);
DROP INDEX orders_request /*! ON orders */;
ALTER TABLE orders DROP COLUMN request_body;
ALTER TABLE orders DROP COLUMN request_key;
