package card

// TaskNotice sends an applicant the text of a new status. Ref is the
// application; out_id at the bank is the task's own id.
const TaskNotice = "sms.send"

// The milestones of a viewer, for whoever wants to thank them: a card was bound
// (ref is the binding), an application was approved (ref is the application).
const (
	TaskBound    = "card.bound"
	TaskApproved = "application.approved"
)

// Milestone is the payload of both.
type Milestone struct {
	ViewerID string `json:"viewer_id"`
	BIN      string `json:"bin,omitempty"` // of the card that was bound
}

type notice struct {
	Application string `json:"application_id"`
	Status      Status `json:"status"`
}
