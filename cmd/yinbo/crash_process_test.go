package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a keeper starts again whenever it ends, as a service
// manager does.
type process struct {
	name string
	args []string
	env  []string
	log  *os.File

	mu     sync.Mutex
	cmd    *exec.Cmd
	before func() // once, before the next start
	over   bool
	ended  chan struct{} // the keeper's
}

// restartPause is between an end and the next start.
const restartPause = 30 * time.Millisecond

// launch starts a program with its log in dir, and keeps it running.
func launch(t *testing.T, dir, name string, env []string, args ...string) *process {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: name, args: args, env: env, log: log, ended: make(chan struct{})}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	go p.keep()
	return p
}

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return nil
	}
	if p.before != nil {
		p.before()
		p.before = nil
	}
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.SysProcAttr = endWithParent()
	p.cmd = cmd
	return cmd.Start()
}

func (p *process) keep() {
	defer close(p.ended)
	for {
		p.mu.Lock()
		cmd := p.cmd
		p.mu.Unlock()
		_ = cmd.Wait()
		<-time.After(restartPause)
		if err := p.start(); err != nil {
			fmt.Fprintln(p.log, "not started:", err)
		}
		p.mu.Lock()
		over := p.over
		p.mu.Unlock()
		if over {
			return
		}
	}
}

// signal is a no-op for a process that is just being started again.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Signal(s)
}

// kill is -9: nothing is flushed, nobody is told. before runs, when it is not
// nil, ahead of the next start.
func (p *process) kill(before func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = before
	_ = p.cmd.Process.Kill()
}

// pause stops the process for d; meanwhile it answers nobody.
func (p *process) pause(d time.Duration) {
	p.signal(syscall.SIGSTOP)
	<-time.After(d)
	p.signal(syscall.SIGCONT)
}

// end ends the process for good.
func (p *process) end() {
	p.mu.Lock()
	p.over = true
	_ = p.cmd.Process.Kill()
	p.mu.Unlock()
	<-p.ended
	p.log.Close()
}

// tail is the end of the log.
func (p *process) tail(lines int) string {
	raw, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(bytes.ToValidUTF8(raw, nil))), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// freePort is below the ports that the system gives to connections, so that it
// is still free when a process that was killed wants it again.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 15_000 + rand.IntN(15_000)
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// program finds a server's program, also where only root looks for it.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, try := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(try); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed: the runs on servers are left out", name)
	return ""
}

func startMariaDB(t *testing.T, dir, data string, port int) *process {
	t.Helper()
	// Its own tmpdir: at its start a server clears it of what it takes for its own.
	args := []string{program(t, "mariadbd"), "--no-defaults", "--datadir=" + data, fmt.Sprint("--port=", port), "--bind-address=127.0.0.1",
		"--socket=" + filepath.Join(dir, "m.sock"), "--pid-file=" + filepath.Join(dir, "m.pid"), "--tmpdir=" + dir,
		"--skip-log-bin", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=8M", "--max-connections=200"}
	return launch(t, dir, "mariadbd", nil, append(args, asRoot()...)...)
}

// asRoot is what mariadbd wants to be told by root.
func asRoot() []string {
	if os.Getuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

func startRedis(t *testing.T, dir string, port int) *process {
	t.Helper()
	return launch(t, dir, "redis-server", nil, program(t, "redis-server"), "--port", fmt.Sprint(port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", dir)
}

func installMariaDB(t *testing.T, data string) {
	t.Helper()
	args := append([]string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M"}, asRoot()...)
	if out, err := exec.Command(program(t, "mariadb-install-db"), args...).CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
}
