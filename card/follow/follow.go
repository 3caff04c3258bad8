package follow

import (
	"context"
	"time"

	"yinbo/card"
	"yinbo/internal/db"
	"yinbo/internal/id"
	"yinbo/internal/outbox"
	"yinbo/internal/tenant"
)

// FollowUps plans and cancels; a Sender sends.
type FollowUps struct{ book *card.Book }

// New makes the service.
func New(book *card.Book) *FollowUps { return &FollowUps{book: book} }

// bindYourCard is the built-in journey.
const bindYourCard = "bind_card"

// texts are the messages of the journey's steps; the last one serves all later
// steps. They bear no numbers, so that nobody takes one for a code.
var texts = []string{
	"您的新信用卡已核发。激活后在直播间“我的银行卡”绑定，下单可直接支付并参加银行立减。拒收请回复R",
	"您的新信用卡还没有绑定。绑定只需一分钟，随时可以解绑。拒收请回复R",
	"温馨提示：绑定新信用卡后，直播间的银行优惠会自动计算。如不需要请忽略。拒收请回复R",
}

// Plan writes the journey's rows and tasks for a card issued at issuedAt; what
// is planned already stays.
func (f *FollowUps) Plan(ctx context.Context, tx *db.Tx, bank tenant.Bank, application, viewer string, issuedAt time.Time) error {
	planned, _, err := db.Value[int](ctx, tx, "SELECT COUNT(*) FROM follow_up WHERE bank_id = ? AND application_id = ? AND journey = ?",
		bank.ID, application, bindYourCard)
	if err != nil || planned > 0 {
		return err
	}
	var rows [][]any
	var tasks []outbox.Task
	for step, wait := range bank.Settings.FollowUps {
		followUp, due := id.New(id.FollowUp), issuedAt.Add(time.Duration(wait))
		rows = append(rows, []any{followUp, bank.ID, application, viewer, bindYourCard, step + 1,
			texts[min(step, len(texts)-1)], due, "waiting", "", tx.Now})
		tasks = append(tasks, outbox.Task{Bank: bank.ID, Kind: TaskSend, Ref: followUp, Payload: struct{}{}, Due: due})
	}
	const into = "follow_up (id, bank_id, application_id, viewer_id, journey, step, text, due_at, status, reason, created_at)"
	if err := tx.Insert(ctx, into, rows, ""); err != nil {
		return err
	}
	return f.book.Box.Add(ctx, tx, tasks...)
}

// Cancel ends what is still waiting for an application, with its tasks. One that
// is being sent at this moment ends by itself.
func (f *FollowUps) Cancel(ctx context.Context, tx *db.Tx, bank, application, reason string) error {
	waiting, err := db.All(ctx, tx, func(r db.Row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT id FROM follow_up WHERE bank_id = ? AND application_id = ? AND status = 'waiting' ORDER BY id"+tx.Dialect().ForUpdate(), bank, application)
	if err != nil {
		return err
	}
	for _, followUp := range waiting {
		if _, err := end(ctx, tx, bank, followUp, "waiting", "cancelled", reason); err != nil {
			return err
		}
		if _, err := f.book.Box.Cancel(ctx, tx, bank, TaskSend, followUp); err != nil {
			return err
		}
	}
	return nil
}

// end closes a row that stands at from, and tells whether it did.
func end(ctx context.Context, tx *db.Tx, bank, followUp, from, to, reason string) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE follow_up SET status = ?, reason = ?, ended_at = ? WHERE bank_id = ? AND id = ? AND status = ?",
		to, reason, tx.Now, bank, followUp, from)
	return n == 1, err
}
