package card

// TaskNotice sends an applicant the text of a new status. Ref is the
// application; out_id at the bank is the task's own id.
const TaskNotice = "sms.send"

type notice struct {
	Application string `json:"application_id"`
	Status      Status `json:"status"`
}
