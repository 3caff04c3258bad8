package private

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Place is a temporary folder with the programs and what runs in it.
type Place struct {
	Dir     string
	running []*Process
}

// Process is a server that was started.
type Process struct {
	name    string
	cmd     *exec.Cmd
	log     bytes.Buffer
	Addr    string // host:port
	Metrics string // host:port of its figures
}

// New makes a place and builds yinbo, bankbox and other programs into it.
func New(ctx context.Context, programs ...string) (*Place, error) {
	dir, err := os.MkdirTemp("", "yinbo-bench-")
	if err != nil {
		return nil, err
	}
	p := &Place{Dir: dir}
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", dir, "./cmd/yinbo", "./cmd/bankbox"}, programs...)...)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build: %w\n%s", err, out), p.Stop())
	}
	return p, nil
}

// Stop ends what was started, the last first, and removes the folder.
func (p *Place) Stop() error {
	for i := len(p.running) - 1; i >= 0; i-- {
		p.running[i].Stop()
	}
	return os.RemoveAll(p.Dir)
}

func (p *Place) start(ctx context.Context, name, addr string, env []string, command string, args ...string) (*Process, error) {
	x := &Process{name: name, Addr: addr, cmd: exec.Command(command, args...)}
	x.cmd.Env = append(os.Environ(), env...)
	x.cmd.Dir = p.Dir
	x.cmd.Stdout, x.cmd.Stderr = &x.log, &x.log
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := x.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.running = append(p.running, x)
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait() }()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("%s ended: %v\n%s", name, err, x.log.String())
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			c.Close()
			return x, nil
		}
	}
	return nil, fmt.Errorf("%s does not answer on %s\n%s", name, addr, x.log.String())
}

// Stop asks the process to end and sees to it that it does.
func (x *Process) Stop() {
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	for range 200 {
		if err := x.cmd.Process.Signal(syscall.Signal(0)); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = x.cmd.Process.Kill()
}

// Pause stops the process's clock, so to say; Resume lets it go on.
func (x *Process) Pause() error { return x.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets a paused process go on.
func (x *Process) Resume() error { return x.cmd.Process.Signal(syscall.SIGCONT) }

// Log is what the process has printed.
func (x *Process) Log() string { return x.log.String() }

// PID is the process's number.
func (x *Process) PID() int { return x.cmd.Process.Pid }

// CPU is the time that the process has spent, user and system.
func (x *Process) CPU() time.Duration { return spent(x.cmd.Process.Pid) }

// OwnCPU is the time that the benchmark itself has spent.
func OwnCPU() time.Duration { return spent(os.Getpid()) }

func spent(pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// Resident is the process's resident memory in bytes.
func (x *Process) Resident() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", x.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // no port on loopback: nothing can be measured
	}
	defer l.Close()
	return l.Addr().String()
}

func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return "/usr/sbin/" + name
}

// MariaDB starts a server that flushes its log at each commit.
func (p *Place) MariaDB(ctx context.Context) (x *Process, dsn string, err error) {
	data := filepath.Join(p.Dir, "mariadb")
	me := []string{"--no-defaults", "--datadir=" + data}
	if os.Getuid() == 0 {
		me = append(me, "--user=root")
	}
	install := exec.CommandContext(ctx, "mariadb-install-db", append(me, "--auth-root-authentication-method=normal", "--skip-test-db")...)
	if out, err := install.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	addr := free()
	_, port, _ := net.SplitHostPort(addr)
	x, err = p.start(ctx, "mariadbd", addr, nil, program("mariadbd"), append(me, "--port="+port, "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(p.Dir, "m.sock"), "--skip-log-bin", "--innodb-flush-log-at-trx-commit=1", "--max-connections=600",
		"--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")...)
	return x, "root@tcp(" + addr + ")/", err
}

// Redis starts a server that keeps nothing.
func (p *Place) Redis(ctx context.Context) (*Process, error) {
	addr := free()
	_, port, _ := net.SplitHostPort(addr)
	return p.start(ctx, "redis-server", addr, nil, program("redis-server"), "--port", port, "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", p.Dir)
}

// Bankbox starts the bank on the other side.
func (p *Place) Bankbox(ctx context.Context) (*Process, error) {
	addr := free()
	return p.start(ctx, "bankbox", addr, []string{"BANKBOX_ADDR=" + addr, "YINBO_VAR=" + filepath.Join(p.Dir, "bank")}, filepath.Join(p.Dir, "bankbox"))
}

// Program starts one that was built along; it listens where -addr says.
func (p *Place) Program(ctx context.Context, name string) (*Process, error) {
	addr := free()
	x, err := p.start(ctx, name, addr, nil, filepath.Join(p.Dir, name), "-addr", addr)
	if err == nil {
		x.Metrics = addr
	}
	return x, err
}

// Yinbo starts a node when it is ready; env are YINBO_… settings.
func (p *Place) Yinbo(ctx context.Context, env ...string) (*Process, error) {
	addr, metrics := free(), free()
	x, err := p.start(ctx, "yinbo", addr, append([]string{"YINBO_ADDR=" + addr, "YINBO_METRICS_ADDR=" + metrics, "YINBO_LOG_LEVEL=warn"}, env...),
		filepath.Join(p.Dir, "yinbo"), "all")
	if err != nil {
		return nil, err
	}
	x.Metrics = metrics
	for range 200 {
		res, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return x, nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("yinbo is not ready\n%s", x.log.String())
}

// Run runs yinbo to its end, as for `yinbo demo`.
func (p *Place) Run(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.Dir, "yinbo"), args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("yinbo %v: %w\n%s", args, err, out)
	}
	return nil
}
