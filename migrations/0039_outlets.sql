-- +goose Up

-- What people must know of a branch to collect their card there, and what the card
-- core must know to send it. A branch without a row hands out none.
CREATE TABLE outlet (
  branch_id   VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  number      VARCHAR(20)  NOT NULL, -- the bank's own
  city_code   VARCHAR(6)   NOT NULL, -- GB/T 2260
  address     VARCHAR(200) NOT NULL,
  collects    SMALLINT     NOT NULL, -- cards are handed out here now
  changed_by  VARCHAR(40),           -- null for what came with the bank
  changed_at  DATETIME(6)  NOT NULL,
  CHECK (collects IN (0, 1))
);
CREATE UNIQUE INDEX outlet_number ON outlet (bank_id, number);
CREATE INDEX outlet_place ON outlet (bank_id, collects, city_code, branch_id);

-- Where the applicant collects the card; null for one that is sent.
ALTER TABLE application ADD COLUMN delivery_outlet_id VARCHAR(40);

-- A city's leads by more filters at once: what does not fit is told by the index, not
-- looked up row by row.
CREATE INDEX application_city_filters ON application (bank_id, city_code, created_at, id, queue_id, card_product_id, income_band);

-- +goose Down
-- What follows ! only MySQL's protocol reads.
DROP INDEX application_city_filters /*! ON application */;
ALTER TABLE application DROP COLUMN delivery_outlet_id;
DROP TABLE outlet;
