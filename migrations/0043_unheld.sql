-- +goose Up
-- Leads that nobody holds, or no longer, in the list's order: they are read
-- without passing over those that are held.
CREATE INDEX application_unheld ON application (bank_id, claimed_until, status, created_at, id);
DROP INDEX application_lease /*! ON application */;

-- +goose Down
CREATE INDEX application_lease ON application (bank_id, claimed_until);
DROP INDEX application_unheld /*! ON application */;
