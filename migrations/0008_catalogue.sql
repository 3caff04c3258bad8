-- +goose Up
-- A category's name is what a product says of itself; there are two levels.
CREATE TABLE category (
  id          VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40) NOT NULL,
  parent_id   VARCHAR(40),
  name        VARCHAR(60) NOT NULL,
  position    INT         NOT NULL,
  created_at  DATETIME(6) NOT NULL
);
CREATE UNIQUE INDEX category_name ON category (bank_id, name);
CREATE INDEX category_parent ON category (bank_id, parent_id);
INSERT INTO category (id, bank_id, name, position, created_at)
  SELECT REPLACE(MIN(id), 'prd_', 'cat_'), bank_id, category, 0, MIN(created_at)
  FROM product WHERE category <> '' GROUP BY bank_id, category;

ALTER TABLE viewer ADD COLUMN branch_id VARCHAR(40);

-- What products are found by, in rows of its own: a search reads all of a bank's.
CREATE TABLE product_search (
  bank_id     VARCHAR(40)   NOT NULL,
  product_id  VARCHAR(40)   NOT NULL,
  title       VARCHAR(200)  NOT NULL, -- folded
  pinyin      VARCHAR(1500) NOT NULL, -- initials and whole, by each reading
  PRIMARY KEY (bank_id, product_id)
);
INSERT INTO product_search (bank_id, product_id, title, pinyin) SELECT bank_id, id, LOWER(title), search_text FROM product;
ALTER TABLE product DROP COLUMN search_text;

ALTER TABLE product ADD COLUMN valid_days INT; -- of a voucher, from the day it is granted
CREATE INDEX product_bank ON product (bank_id, id);
CREATE INDEX product_title ON product (bank_id, merchant_id, title);

ALTER TABLE sku ADD COLUMN code VARCHAR(60); -- the merchant's own number for it
ALTER TABLE sku ADD COLUMN per_person_limit INT NOT NULL DEFAULT 0; -- 0 for none
CREATE UNIQUE INDEX sku_code ON sku (bank_id, code);

-- How many units of a limited SKU a person's orders hold, and which order holds
-- how many of them.
CREATE TABLE sku_claim (
  bank_id          VARCHAR(40) NOT NULL,
  sku_id           VARCHAR(40) NOT NULL,
  viewer_id        VARCHAR(40) NOT NULL,
  quantity         INT         NOT NULL,
  per_person_limit INT         NOT NULL, -- when units were claimed last
  PRIMARY KEY (bank_id, sku_id, viewer_id),
  CHECK (quantity >= 0 AND quantity <= per_person_limit)
);
CREATE TABLE order_claim (
  order_id    VARCHAR(40) NOT NULL,
  sku_id      VARCHAR(40) NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  quantity    INT         NOT NULL,
  PRIMARY KEY (order_id, sku_id),
  CHECK (quantity > 0)
);

-- Pictures of goods, named by their content.
CREATE TABLE image (
  bank_id     VARCHAR(40) NOT NULL,
  hash        VARCHAR(64) NOT NULL,
  format      VARCHAR(10) NOT NULL, -- png, jpeg, webp
  width       INT         NOT NULL,
  height      INT         NOT NULL,
  size        INT         NOT NULL,
  content     MEDIUMBLOB  NOT NULL,
  created_by  VARCHAR(40) NOT NULL,
  created_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, hash)
);
CREATE INDEX image_hash ON image (hash);

-- A file of lines to be taken in. lines_done is the checkpoint: it moves in the
-- transaction that holds those lines' effects.
CREATE TABLE import_job (
  id           VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id      VARCHAR(40)  NOT NULL,
  kind         VARCHAR(40)  NOT NULL,
  name         VARCHAR(200) NOT NULL,
  state        VARCHAR(10)  NOT NULL,
  charset      VARCHAR(10),           -- utf-8, gb18030, known from running on
  lines_total  BIGINT,                -- known from running on
  lines_done   BIGINT       NOT NULL DEFAULT 0,
  lines_failed BIGINT       NOT NULL DEFAULT 0,
  error_code   VARCHAR(60),
  error_field  VARCHAR(100),
  actor_kind   VARCHAR(10)  NOT NULL,
  created_by   VARCHAR(40)  NOT NULL,
  request_id   VARCHAR(128) NOT NULL,
  created_at   DATETIME(6)  NOT NULL,
  started_at   DATETIME(6),
  progress_at  DATETIME(6),
  ended_at     DATETIME(6),
  CHECK (state IN ('uploading','queued','running','done','failed','cancelled')),
  CHECK (lines_failed >= 0 AND lines_failed <= lines_done)
);
CREATE INDEX import_job_bank ON import_job (bank_id, id);
CREATE INDEX import_job_state ON import_job (state, created_at);

-- The file's bytes in pieces, kept until the job ends.
CREATE TABLE import_part (
  job_id      VARCHAR(40) NOT NULL,
  part_no     INT         NOT NULL,
  bank_id     VARCHAR(40) NOT NULL,
  content     MEDIUMBLOB  NOT NULL,
  PRIMARY KEY (job_id, part_no)
);

-- What became of each line.
CREATE TABLE import_line (
  job_id      VARCHAR(40)  NOT NULL,
  line_no     BIGINT       NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  verdict     VARCHAR(10)  NOT NULL, -- created, updated, failed
  code        VARCHAR(60)  NOT NULL, -- why it failed, or what to know; else ''
  field       VARCHAR(60)  NOT NULL,
  object_id   VARCHAR(40)  NOT NULL,
  PRIMARY KEY (job_id, line_no),
  CHECK (verdict IN ('created','updated','failed'))
);
CREATE INDEX import_line_verdict ON import_line (job_id, verdict, line_no);

-- +goose Down
-- The columns and their indexes stay: the engines drop indexes by different words.
DROP TABLE import_line;
DROP TABLE import_part;
DROP TABLE import_job;
DROP TABLE image;
DROP TABLE order_claim;
DROP TABLE sku_claim;
DROP TABLE product_search;
DROP TABLE category;
