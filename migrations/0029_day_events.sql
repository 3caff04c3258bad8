-- +goose Up
-- The same closed dates as ledger_day, by business event besides: what a day at a
-- glance and reports read in place of each posting.
CREATE TABLE ledger_day_event (
  bank_id       VARCHAR(40) NOT NULL,
  business_date VARCHAR(10) NOT NULL,
  event         VARCHAR(40) NOT NULL,
  account       VARCHAR(80) NOT NULL,
  first_count   BIGINT      NOT NULL, -- entries whose first posting is of the account: each counts once
  debit_fen     BIGINT      NOT NULL,
  credit_fen    BIGINT      NOT NULL,
  PRIMARY KEY (bank_id, business_date, event, account),
  CHECK (first_count >= 0 AND debit_fen >= 0 AND credit_fen >= 0)
);
INSERT INTO ledger_day_event (bank_id, business_date, event, account, first_count, debit_fen, credit_fen)
SELECT e.bank_id, e.business_date, e.event, p.account, SUM(CASE p.line_no WHEN 1 THEN 1 ELSE 0 END), SUM(p.debit_fen), SUM(p.credit_fen)
FROM ledger_entry e JOIN book b ON b.bank_id = e.bank_id AND e.business_date <= b.rolled_through
JOIN ledger_posting p ON p.entry_id = e.id
GROUP BY e.bank_id, e.business_date, e.event, p.account;

-- +goose Down
DROP TABLE ledger_day_event;
