package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yinbo/internal/config"
)

func TestEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "yinbo.yaml"), []byte("addr: 127.0.0.1:1\norder_ttl: 3m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(dir, []string{"YINBO_ADDR=127.0.0.1:2", "YINBO_TEST_MYSQL_DSN=x", "OTHER=1"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:2" || c.OrderTTL != 3*time.Minute || c.MetricsAddr != "127.0.0.1:9090" {
		t.Errorf("got %+v", c)
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	c := config.Default()
	c.Addr, c.OrderTTL, c.MySQLDSN, c.LogLevel = "nowhere", 0, "root@tcp(127.0.0.1:3306)/", "loud"
	err := c.Validate(true)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, key := range []string{"addr", "order_ttl", "mysql_dsn, redis_url", "names no database", "log_level"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%q is not named in:\n%v", key, err)
		}
	}
	if config.Default().Validate(false) == nil {
		t.Error("an embedded node may not serve without working")
	}
}

func TestUnknownKeysInTheFileAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "yinbo.yaml"), []byte("adress: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(dir, nil); err == nil || !strings.Contains(err.Error(), "adress") {
		t.Errorf("got %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := config.Default()
	c.MySQLDSN, c.WeChatAPIv3Key = "root:hunter2@tcp(db)/yinbo", "hunter2"
	if s := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(s, "hunter2") {
		t.Error(s)
	}
}

func TestWeChatPayIsAllOrNothing(t *testing.T) {
	c := config.Default()
	if err := c.Validate(true); err != nil || !c.WeChatPay().Off() {
		t.Errorf("none: %v", err)
	}
	c, err := config.Load(t.TempDir(), []string{"YINBO_WECHAT_MCH_ID=1900000109", "YINBO_WECHAT_API_V3_KEY=short"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Validate(true)
	if err == nil || c.WeChatPay().Off() {
		t.Fatal("half a configuration was accepted")
	}
	for _, key := range []string{"wechat_app_id", "wechat_private_key_file", "wechat_serial_no", "wechat_public_key_file", "wechat_public_key_id", "wechat_api_v3_key", "public_url"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in:\n%v", key, err)
		}
	}
	if strings.Contains(err.Error(), "wechat_mch_id") {
		t.Errorf("what is set is named as missing:\n%v", err)
	}
}
