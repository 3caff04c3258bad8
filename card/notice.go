package card

import (
	"context"
	"errors"
	"fmt"

	"yinbo/internal/db"
	"yinbo/internal/gateway"
	"yinbo/internal/outbox"
	"yinbo/internal/pii"
	"yinbo/internal/tenant"
)

// SMS sends a text; the same outID again does not send again.
type SMS interface {
	SendSMS(ctx context.Context, phone pii.Text, text, outID string) error
}

// notices are the texts of the statuses that an applicant is told of by SMS,
// after the bank's name. They bear no numbers: a receiver who waits for a code
// must not take one of ours for it.
var notices = map[Status]string{
	Queued:        "您的信用卡申请已收到，审核结果会短信告知，也可在直播间“我的申请”查看。",
	InfoRequested: "您的信用卡申请需要补充资料，请在“我的申请”中查看并提交。",
	Approved:      "您的信用卡申请已通过审核，正在制卡。",
	Rejected:      "很抱歉，您的信用卡申请未能通过。感谢您的关注。",
	Withdrawn:     "您的信用卡申请已按您的要求撤回。",
	Issued:        "您的信用卡已核发，请留意寄送信息，收到后按卡函提示激活。",
	Activated:     "您的信用卡已激活。",
	Bound:         "您的信用卡已加入“我的银行卡”，可随时移除。",
	Late:          "您的信用卡申请仍在审核中，所需时间比预计更长，结果会尽快告知，感谢您的耐心等待。",
	InfoLate:      "您的信用卡申请仍在等待补充资料，请在“我的申请”中查看并提交。",
}

// What an applicant is told of besides a new status: that it takes longer, and
// that it waits for what was asked for.
const (
	Late     Status = "late"
	InfoLate Status = "info_late"
)

// TellLate lets the applicant know of topic, Late or InfoLate, on the socket and
// by a message.
func (b *Book) TellLate(ctx context.Context, tx *db.Tx, bank, application string, topic Status) error {
	viewer, _, err := db.Value[string](ctx, tx, "SELECT viewer_id FROM application WHERE bank_id = ? AND id = ?", bank, application)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		b.Push.Private(bank, viewer, "application.updated", map[string]any{"application_id": application, "late": true})
	})
	return b.Box.Add(ctx, tx, outbox.Task{Bank: bank, Kind: TaskNotice, Ref: application,
		Payload: notice{Application: application, Status: topic}})
}

// Banks finds a bank.
type Banks interface {
	ByID(ctx context.Context, bankID string) (tenant.Bank, bool, error)
}

// Notices sends the texts. The phone is opened here, at the last moment.
type Notices struct {
	Book  *Book
	Banks Banks
	SMS   SMS
}

// Send handles TaskNotice. The task's id is the message's out_id, so that a
// repeat reaches nobody twice.
func (n *Notices) Send(ctx context.Context, t outbox.Task) error {
	var p notice
	if err := t.Decode(&p); err != nil {
		return err
	}
	text, ok := notices[p.Status]
	if !ok {
		return nil // a status that lost its text with a release
	}
	bank, ok, err := n.Banks.ByID(ctx, t.Bank)
	if err != nil {
		return err
	}
	if !ok {
		return &outbox.Dropped{Cause: fmt.Errorf("card: notice %s is of no bank", t.ID)}
	}
	phone, err := n.Book.Phone(ctx, n.Book.DB, t.Bank, p.Application)
	if err != nil || phone.Empty() {
		return err
	}
	return Definite(n.SMS.SendSMS(ctx, phone, "【"+bank.Name+"】"+text, t.ID))
}

// Definite turns the bank's plain refusal of a task into one that is not tried
// again: the same call would get the same answer.
func Definite(err error) error {
	var no *gateway.Refusal
	if errors.As(err, &no) {
		return &outbox.Dropped{Cause: err}
	}
	return err
}

// Phone opens the applicant's phone number; empty when it was deleted.
func (b *Book) Phone(ctx context.Context, q db.Querier, bank, application string) (pii.Text, error) {
	fields, err := b.Open(ctx, q, bank, application, "phone")
	return fields["phone"], err
}
