package server

import (
	"context"
	"strings"

	"yinbo/internal/obs"
)

// agentOf tells what sort of program sent the request, by what it says of itself.
func agentOf(ctx context.Context) string {
	agent := strings.ToLower(obs.RequestOf(ctx).Agent)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(agent, w) {
				return true
			}
		}
		return false
	}
	switch {
	case agent == "":
		return "none"
	case has("micromessenger"):
		return "wechat"
	case has("bot", "spider", "crawler", "curl", "wget", "python", "go-http-client", "okhttp", "headless"):
		return "bot"
	case has("; wv)", "yinbo"):
		return "app"
	case has("mobile", "android", "iphone"):
		return "mobile"
	}
	return "desktop"
}
