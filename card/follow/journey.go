package follow

import (
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"yinbo/card"
	"yinbo/internal/fault"
	"yinbo/internal/tenant"
)

// Journey says what follows a card event, step by step.
type Journey struct {
	Name      string   `json:"name" minLength:"1" maxLength:"60"`
	Enabled   bool     `json:"enabled" doc:"One that is off plans nothing"`
	Trigger   string   `json:"trigger" enum:"approved,issued,activated,bound"`
	Promotion bool     `json:"promotion" doc:"A promotion needs consent and keeps hours, caps and the opt-out; a service message does not"`
	Stop      []string `json:"stop" nullable:"false" maxItems:"5" enum:"issued,activated,bound,spent" doc:"What ends the journey"`
	Steps     []Step   `json:"steps" nullable:"false" minItems:"1" maxItems:"20"`
}

// Step is one message of a journey.
type Step struct {
	After   string    `json:"after" enum:"trigger,step" doc:"What the wait counts from: the trigger, or the end of the step before"`
	Wait    int64     `json:"wait_s" minimum:"0" maximum:"15552000" doc:"Seconds; up to 180 days"`
	When    Condition `json:"when"`
	Channel string    `json:"channel" enum:"sms,app"`
	Text    string    `json:"text" minLength:"1" maxLength:"300"`
}

// Condition is what must be so when a step is sent; what is not named is not
// asked for.
type Condition struct {
	Activated *bool    `json:"activated,omitempty"`
	Bound     *bool    `json:"bound,omitempty"`
	Spent     *bool    `json:"spent,omitempty" doc:"Paid with a bound card since the trigger"`
	Products  []string `json:"card_product_ids,omitempty" maxItems:"20" doc:"One of these card products"`
}

// What a step counts its wait from, and the channels.
const (
	afterTrigger = "trigger"
	afterStep    = "step"
	bySMS        = "sms"
	inApp        = "app"
)

// spent is an event of journeys that is no status of applications.
const spent = "spent"

var (
	triggers = []string{string(card.Approved), string(card.Issued), string(card.Activated), string(card.Bound)}
	stops    = []string{string(card.Issued), string(card.Activated), string(card.Bound), spent}

	keyShape = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
)

const (
	maxSteps = 20
	maxWait  = 180 * 24 * 60 * 60
	maxText  = 300 // characters: an SMS of five parts
)

// check names every field that is wrong.
func (j Journey) check() *fault.Error {
	bad := fault.New(fault.Invalid, "validation")
	if n := utf8.RuneCountInString(j.Name); n < 1 || n > 60 {
		bad.With("name", "field.required")
	}
	if !slices.Contains(triggers, j.Trigger) {
		bad.With("trigger", "field.not_allowed")
	}
	for i, s := range j.Stop {
		field := fmt.Sprintf("stop[%d]", i)
		switch {
		case !slices.Contains(stops, s):
			bad.With(field, "field.not_allowed")
		case s == j.Trigger:
			bad.With(field, "journey.stop_is_trigger")
		case slices.Contains(j.Stop[:i], s):
			bad.With(field, "field.duplicate")
		}
	}
	if len(j.Steps) == 0 {
		bad.With("steps", "field.required")
	}
	if len(j.Steps) > maxSteps {
		bad.With("steps", "field.too_long")
	}
	for i, s := range j.Steps {
		s.check(bad, fmt.Sprintf("steps[%d]", i), i == 0, j.Promotion)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (s Step) check(bad *fault.Error, at string, first, promotion bool) {
	if s.After != afterTrigger && s.After != afterStep || first && s.After != afterTrigger {
		bad.With(at+".after", "field.not_allowed")
	}
	if s.Wait < 0 || s.Wait > maxWait {
		bad.With(at+".wait_s", "field.too_large")
	}
	if s.Channel != bySMS && s.Channel != inApp {
		bad.With(at+".channel", "field.not_allowed")
	}
	if name, code := checkText(s.Text, s.Channel, promotion); code == "journey.variable" {
		bad.With(at+".text", "journey.variable", name)
	} else if code != "" {
		bad.With(at+".text", code)
	}
}

// wait is a step's pause.
func (s Step) wait() time.Duration { return time.Duration(s.Wait) * time.Second }

// The built-in journeys: approved and issued are told by messages of their own,
// the issue begins the asking, the binding ends it and begins the reminder.
const (
	bindYourCard = "bind_card"
	firstSpend   = "first_spend"
)

// builtInKeys are those of the built-in journeys, in their order.
var builtInKeys = []string{bindYourCard, firstSpend}

// asks are the texts of the asking's steps; the last one serves all later steps.
// They bear no numbers, so that nobody takes one for a code.
var asks = []string{
	"您的新信用卡已核发。激活后在直播间“我的银行卡”绑定，下单可直接支付并参加银行立减。拒收请回复T",
	"您的新信用卡还没有绑定。绑定只需一分钟，随时可以解绑。拒收请回复T",
	"温馨提示：绑定新信用卡后，直播间的银行优惠会自动计算。如不需要请忽略。拒收请回复T",
}

const remindsOfSpending = "您的新信用卡已绑定，首次用它在直播间支付，可参加银行立减。拒收请回复T"

// builtIn is a bank's built-in journey of a key; ok is false when there is none.
func builtIn(bank tenant.Bank, key string) (j Journey, ok bool) {
	no, yes := false, true
	switch key {
	case bindYourCard:
		j = Journey{Name: "绑卡提醒", Enabled: true, Trigger: string(card.Issued), Promotion: true, Stop: []string{string(card.Bound)}}
		for i, wait := range bank.Settings.FollowUps {
			j.Steps = append(j.Steps, Step{After: afterTrigger, Wait: int64(time.Duration(wait) / time.Second),
				When: Condition{Bound: &no}, Channel: bySMS, Text: asks[min(i, len(asks)-1)]})
		}
		return j, true
	case firstSpend:
		return Journey{Name: "首刷提醒", Enabled: true, Trigger: string(card.Bound), Promotion: true, Stop: []string{spent},
			Steps: []Step{{After: afterTrigger, Wait: int64(time.Duration(bank.Settings.FirstSpend) / time.Second),
				When: Condition{Bound: &yes, Spent: &no}, Channel: bySMS, Text: remindsOfSpending}}}, true
	}
	return j, false
}
