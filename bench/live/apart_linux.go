package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// steering says which cores receive what comes over loopback, queue how many
// packets may wait for them: what is more is dropped, and comes 200 ms late.
const (
	steering = "/sys/class/net/lo/queues/rx-0/rps_cpus"
	queue    = "/proc/sys/net/core/netdev_max_backlog"
)

// apart keeps the audience's half of TCP off the servers' account: what is sent
// over loopback is received in the same call, in the sender's name, unless another
// core is to. The last core gets the audience and all that is received, the others
// get the servers. Those are settings of the machine, which root may change; they
// are put back at the end.
type apart struct {
	was             map[string][]byte // by file
	servers, others unix.CPUSet
}

func setApart() (*apart, error) {
	n := runtime.NumCPU()
	if n < 2 {
		return nil, fmt.Errorf("-apart: there is one core only")
	}
	a := &apart{was: map[string][]byte{}}
	for i := range n - 1 {
		a.servers.Set(i)
	}
	a.others.Set(n - 1)
	for file, value := range map[string]string{steering: strconv.FormatInt(1<<(n-1), 16), queue: "100000"} {
		was, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, []byte(value), 0)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("-apart needs root: %w", err), a.close())
		}
		a.was[file] = was
	}
	return a, pin(os.Getpid(), &a.others)
}

// server gives a server its cores; nil does nothing.
func (a *apart) server(pid int) error {
	if a == nil {
		return nil
	}
	return pin(pid, &a.servers)
}

func (a *apart) close() (err error) {
	if a == nil {
		return nil
	}
	for file, was := range a.was {
		err = errors.Join(err, os.WriteFile(file, was, 0))
	}
	return err
}

// pin keeps a process's threads, and those that they will make, to some cores.
func pin(pid int, to *unix.CPUSet) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, to); err != nil && err != unix.ESRCH {
			return fmt.Errorf("affinity of %d: %w", id, err)
		}
	}
	return nil
}
