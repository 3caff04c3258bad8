package audit

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"yinbo/internal/fault"
)

//go:embed actions.json
var actionsText []byte

var actions = sync.OnceValue(func() map[string]map[fault.Lang]string {
	all := map[string]map[fault.Lang]string{}
	if err := json.Unmarshal(actionsText, &all); err != nil {
		panic(fmt.Sprintf("audit: actions: %v", err))
	}
	return all
})

// Actions are the actions that have a title, in order.
func Actions() []string { return slices.Sorted(maps.Keys(actions())) }

// Title names an action for people; one without a title is its own name.
func Title(l fault.Lang, action string) string {
	if title, ok := actions()[action][l]; ok {
		return title
	}
	return action
}
