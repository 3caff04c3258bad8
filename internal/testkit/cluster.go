package testkit

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster starts a Redis Cluster of three servers for the test. Each call of the
// function it gives makes a client of its own.
func Cluster(t testing.TB) func() *redis.ClusterClient {
	t.Helper()
	const servers = 3
	addrs, ports := make([]string, servers), make([]int, servers)
	for i := range addrs {
		addrs[i], ports[i] = startRedis(t)
	}
	ctx := Context(t)
	for i, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr})
		defer c.Close()
		if err := c.ClusterAddSlotsRange(ctx, i*16384/servers, (i+1)*16384/servers-1).Err(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		host, port, _ := net.SplitHostPort(addrs[0])
		if err := c.Do(ctx, "CLUSTER", "MEET", host, port, ports[0]).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, addr := range addrs {
		c := redis.NewClient(&redis.Options{Addr: addr})
		defer c.Close()
		eventually(t, "the cluster", func() bool {
			info, err := c.ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", servers))
		})
	}
	return func() *redis.ClusterClient {
		c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// startRedis starts a server of a cluster on a free port, and ends it with the test.
func startRedis(t testing.TB) (addr string, busPort int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	bus, err := net.Listen("tcp", "127.0.0.1:0") // between servers; by itself it would be the port and 10,000
	if err != nil {
		t.Fatal(err)
	}
	bus.Close()
	busPort = bus.Addr().(*net.TCPAddr).Port
	server := exec.Command("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes",
		"--cluster-port", strconv.Itoa(busPort), "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // it keeps nothing
		_ = server.Wait()
	})
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer c.Close()
	eventually(t, "redis-server", func() bool { return c.Ping(Context(t)).Err() == nil })
	return addr, busPort
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
