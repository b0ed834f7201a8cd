// Gosdk puts a KES server under load through the real client library and prints one line of JSON.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/minio/kms-go/kes"
)

var (
	url        = flag.String("url", "https://127.0.0.1:7373", "the server")
	cert       = flag.String("cert", "", "client certificate (PEM)")
	key        = flag.String("key", "", "client private key (PEM)")
	name       = flag.String("key-name", "bench", "master key to use")
	goroutines = flag.Int("goroutines", 64, "callers at once")
	seconds    = flag.Float64("seconds", 2, "length of the measurement")
	warmUp     = flag.Float64("warm-up", 0.3, "seconds before it")
	pid        = flag.Int("pid", 0, "process of the server, to measure its CPU time")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	client := kes.NewClientWithConfig(*url, &tls.Config{
		Certificates:       []tls.Certificate{pair},
		InsecureSkipVerify: true, // the server's certificate was made for this run
		ClientSessionCache: tls.NewLRUClientSessionCache(100),
	})
	call(client, duration(*warmUp))
	before := cpuTime()
	start := time.Now()
	latencies := call(client, duration(*seconds))
	elapsed := time.Since(start).Seconds()
	cpu := cpuTime() - before

	slices.Sort(latencies)
	percentile := func(share float64) float64 {
		return float64(latencies[int(float64(len(latencies)-1)*share)].Nanoseconds()) / 1000
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"mode": "Go SDK", "goroutines": *goroutines, "seconds": elapsed, "requests": len(latencies),
		"per_second": float64(len(latencies)) / elapsed, "server_cpu_us": cpu * 1e6 / float64(len(latencies)),
		"p50_us": percentile(0.5), "p90_us": percentile(0.9), "p99_us": percentile(0.99),
		"p999_us": percentile(0.999), "max_us": percentile(1),
	})
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// call keeps all goroutines calling for some time and returns how long each call took. One failure ends it all.
func call(client *kes.Client, length time.Duration) []time.Duration {
	end := time.Now().Add(length)
	taken := make([][]time.Duration, *goroutines)
	var group sync.WaitGroup
	for i := range taken {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				start := time.Now()
				if start.After(end) {
					return
				}
				if _, err := client.GenerateKey(context.Background(), *name, []byte("bucket/object")); err != nil {
					log.Fatalf("GenerateKey: %v", err)
				}
				taken[i] = append(taken[i], time.Since(start))
			}
		}()
	}
	group.Wait()
	return slices.Concat(taken...)
}

// cpuTime is what the server's threads have used so far, in seconds: the first number of their schedstat, which is in
// nanoseconds. That of /proc/PID/stat comes in ticks of 10 ms.
func cpuTime() float64 {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", *pid))
	if err != nil {
		log.Fatal(err)
	}
	total := 0.0
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			log.Fatal(err)
		}
		nanoseconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
		if err != nil {
			log.Fatal(err)
		}
		total += nanoseconds
	}
	return total / 1e9
}
