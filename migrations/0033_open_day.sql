-- +goose Up
-- A day that is still open is summed page by page. An entry stands on the page that
-- the book has open; a page that is turned takes no more, so that it is added up once.
ALTER TABLE book ADD COLUMN page_no BIGINT NOT NULL DEFAULT 1;
ALTER TABLE book ADD COLUMN summed_page BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_entry ADD COLUMN page_no BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ledger_entry_page ON ledger_entry (bank_id, page_no);

-- What the pages through book.summed_page come to, of dates that have no roll-up.
CREATE TABLE ledger_page_sum (
  bank_id       VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  event         VARCHAR(40) NOT NULL,
  account       VARCHAR(80) NOT NULL,
  first_count   BIGINT      NOT NULL, -- as of ledger_day_event
  debit_fen     BIGINT      NOT NULL,
  credit_fen    BIGINT      NOT NULL,
  PRIMARY KEY (bank_id, business_date, event, account),
  CHECK (first_count >= 0 AND debit_fen >= 0 AND credit_fen >= 0)
);
INSERT INTO ledger_page_sum (bank_id, business_date, event, account, first_count, debit_fen, credit_fen)
SELECT e.bank_id, e.business_date, e.event, p.account, SUM(CASE p.line_no WHEN 1 THEN 1 ELSE 0 END), SUM(p.debit_fen), SUM(p.credit_fen)
FROM ledger_entry e JOIN book b ON b.bank_id = e.bank_id AND e.business_date > b.rolled_through
JOIN ledger_posting p ON p.entry_id = e.id
GROUP BY e.bank_id, e.business_date, e.event, p.account;

-- How many payments or refunds of a stretch of time were found in the ledger, each
-- of them: while it is so many, they need not be looked up again.
CREATE TABLE ledger_found (
  bank_id     VARCHAR(40) NOT NULL,
  kind        VARCHAR(10) NOT NULL,
  from_at     DATETIME(6) NOT NULL,
  found_count BIGINT      NOT NULL,
  PRIMARY KEY (bank_id, kind, from_at),
  CHECK (kind IN ('payment','refund')),
  CHECK (found_count > 0)
);
CREATE INDEX refund_ended ON refund (bank_id, status, done_at);

-- +goose Down
-- What follows ! only MySQL's protocol reads.
DROP INDEX refund_ended /*! ON refund */;
DROP TABLE ledger_found;
DROP TABLE ledger_page_sum;
DROP INDEX ledger_entry_page /*! ON ledger_entry */;
ALTER TABLE ledger_entry DROP COLUMN page_no;
ALTER TABLE book DROP COLUMN summed_page;
ALTER TABLE book DROP COLUMN page_no;
