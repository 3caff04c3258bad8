-- +goose Up
-- What a decision was made on is told by the applicant in part: it is sealed, and
-- goes with them. The mark is a keyed hash of it, by which the decision stays
-- provable. What is here in clear is sealed by the hourly housekeeping.
ALTER TABLE screening_decision RENAME COLUMN input TO input_sealed;
ALTER TABLE screening_decision ADD COLUMN input_mark VARCHAR(64);
ALTER TABLE screening_earlier RENAME COLUMN input TO input_sealed;
ALTER TABLE screening_earlier ADD COLUMN input_mark VARCHAR(64);

-- +goose Down
-- What was sealed meanwhile stays so, and loses its mark.
ALTER TABLE screening_earlier DROP COLUMN input_mark;
ALTER TABLE screening_decision DROP COLUMN input_mark;
ALTER TABLE screening_decision RENAME COLUMN input_sealed TO input;
ALTER TABLE screening_earlier RENAME COLUMN input_sealed TO input;
