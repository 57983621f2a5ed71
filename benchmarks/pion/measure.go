package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pion/webrtc/v4"
)

const atOnce = 10

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second))
}

func send(channel *webrtc.DataChannel, c command) map[string]any {
	before := cpuSeconds()
	stop := make(chan struct{})
	go pour(channel, c.Size, stop)
	time.Sleep(seconds(c.Seconds))
	used := cpuSeconds() - before
	close(stop)
	return map[string]any{"cpuSeconds": used}
}

// ping sends one message to and fro at a time; in microseconds.
func ping(channel *webrtc.DataChannel, c command) (any, error) {
	message := make([]byte, c.Size)
	back := make(chan time.Time, 1)
	isSame := true
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		isSame = isSame && bytes.Equal(m.Data, message)
		back <- time.Now()
	})
	var times []time.Duration
	number := uint32(0)
	warm := time.Now().Add(300 * time.Millisecond)
	for end := warm.Add(seconds(c.Seconds)); time.Now().Before(end); {
		binary.BigEndian.PutUint32(message, number)
		number++
		sent := time.Now()
		if channel.Send(message) != nil {
			break
		}
		if now := <-back; now.After(warm) {
			times = append(times, now.Sub(sent))
		}
	}
	if !isSame {
		return nil, errors.New("what came back is not what was sent")
	}
	slices.Sort(times)
	at := func(part float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return float64(times[int(float64(len(times))*part)].Nanoseconds()) / 1000
	}
	return map[string]any{"p50": at(0.5), "p99": at(0.99), "count": len(times)}, nil
}

func echo(channel *webrtc.DataChannel) {
	channel.OnMessage(func(m webrtc.DataChannelMessage) { _ = channel.Send(m.Data) })
}

func roundtrip(c command) (any, error) {
	p, err := connectPair()
	if err != nil {
		return nil, err
	}
	echo(p.channels[1])
	return ping(p.channels[0], c)
}

// connect pairs one after the other. The first two warm up and are left out.
func connect(c command) (any, error) {
	route = c.Route
	milliseconds := []float64{}
	for i := -2; i < c.Count; i++ {
		p, err := connectPair()
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			milliseconds = append(milliseconds, p.took.Seconds()*1000)
		}
		p.close()
	}
	return map[string]any{"milliseconds": milliseconds, "failed": 0}, nil
}

// memory opens and closes connections in rounds.
func memory(c command) (any, error) {
	if err := openAndClose(2, func() {}); err != nil {
		return nil, err
	}
	settle()
	before, open := rss(), int64(0)
	var rssClosed []int64
	var heapClosed []uint64
	for round := range c.Rounds {
		err := openAndClose(c.Count, func() {
			if round == 0 {
				settle()
				open = rss()
			}
		})
		if err != nil {
			return nil, err
		}
		settle()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		rssClosed = append(rssClosed, rss())
		heapClosed = append(heapClosed, stats.HeapAlloc)
	}
	return map[string]any{"rssBefore": before, "rssOpen": open, "rssClosed": rssClosed, "heapClosed": heapClosed}, nil
}

func openAndClose(pairs int, whileOpen func()) error {
	var open []*pair
	for len(open) < pairs {
		some := make([]*pair, min(atOnce, pairs-len(open)))
		errs := make([]error, len(some))
		var group sync.WaitGroup
		for i := range some {
			group.Add(1)
			go func() {
				defer group.Done()
				some[i], errs[i] = connectPair()
			}()
		}
		group.Wait()
		for i := range some {
			if errs[i] != nil {
				return errs[i]
			}
		}
		open = append(open, some...)
	}
	whileOpen()
	for _, p := range open {
		p.close()
	}
	return nil
}

func settle() {
	for range 4 {
		time.Sleep(500 * time.Millisecond)
		debug.FreeOSMemory()
	}
}

func rss() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
