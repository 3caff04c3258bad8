package screen

import (
	"context"

	"yinbo/internal/db"
	"yinbo/internal/tenant"
)

// Intake is whether a bank takes applications, by its share of long-sleep cards.
type Intake struct {
	LongSleepBps int  `json:"long_sleep_bps" minimum:"0" maximum:"10000" doc:"Cards without a transaction for 18 months, of all cards, as the bank enters it"`
	Close        bool `json:"close_over_limit" doc:"Close the intake while the share is over the limit"`
}

// IntakeState is an Intake with what follows from it.
type IntakeState struct {
	Intake
	LimitBps int  `json:"limit_bps"`
	Closed   bool `json:"closed"`
}

func stateOf(s tenant.Settings) IntakeState {
	return IntakeState{Intake: Intake{s.LongSleepBps, s.CloseOnLongSleep}, LimitBps: tenant.LongSleepLimitBps, Closed: s.IntakeClosed()}
}

// Intake reads how it stands, from the bank's row.
func (s *Screens) Intake(ctx context.Context, bank string) (out IntakeState, err error) {
	settings, err := tenant.ReadSettings(ctx, s.book.DB, bank)
	return stateOf(settings), err
}

// SetIntake changes it; nodes see it within seconds.
func (s *Screens) SetIntake(ctx context.Context, bank string, by Person, in Intake) (out IntakeState, err error) {
	err = s.book.DB.InTx(ctx, func(tx *db.Tx) error {
		err := tenant.Change(ctx, tx, bank, func(v *tenant.Settings) {
			v.LongSleepBps, v.CloseOnLongSleep = in.LongSleepBps, in.Close
			out = stateOf(*v)
		})
		if err != nil {
			return err
		}
		return by.audit(ctx, tx, bank, "intake_set", bank, map[string]any{"long_sleep_bps": in.LongSleepBps, "close_over_limit": in.Close, "closed": out.Closed})
	})
	return out, err
}
