package main

import (
	"context"

	"yinbo/internal/tenant"
	"yinbo/live"
	"yinbo/live/words"
)

// demoWords are the bank's list for all rooms.
var demoWords = []words.Word{
	{Text: "保本保息", Severity: words.Warn}, {Text: "稳赚不赔", Severity: words.Warn}, {Text: "最低价", Severity: words.Warn},
	{Text: "加微信", Severity: words.Hold}, {Text: "返现", Severity: words.Hold}, {Text: "代办信用卡", Severity: words.Hold},
	{Text: "套现", Severity: words.Block}, {Text: "赌博", Severity: words.Block}, {Text: "刷单", Severity: words.Block},
}

// inOrder gives the bank its words, and the room that is live an assistant.
func (s *seeder) inOrder(ctx context.Context, a *app, b tenant.Bank, staff map[string]string, room string) error {
	operator := live.Staff{ID: staff["operator"], Name: "运营小周", Operator: true}
	if _, err := a.rooms.SetWordList(ctx, b.ID, "", operator, demoWords); err != nil {
		return err
	}
	_, err := a.rooms.Share(ctx, b.ID, room, operator, staff["assistant"], live.PartAssistant)
	return err
}
