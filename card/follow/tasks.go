package follow

// TaskSend sends a follow-up, or finds that it need not. Ref is the follow-up.
const TaskSend = "followup.send"
