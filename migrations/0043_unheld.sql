-- +goose Up
-- Leads that nobody holds, or no longer, and those that somebody holds, each in the
-- list's order.
CREATE INDEX application_unheld ON application (bank_id, claimed_until, status, created_at, id);
DROP INDEX application_lease /*! ON application */;
DROP INDEX application_claimed /*! ON application */;
CREATE INDEX application_claimed ON application (bank_id, claimed_by, created_at, id, status, claimed_until);

-- +goose Down
DROP INDEX application_claimed /*! ON application */;
CREATE INDEX application_claimed ON application (bank_id, claimed_by, status);
CREATE INDEX application_lease ON application (bank_id, claimed_until);
DROP INDEX application_unheld /*! ON application */;
