package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/webrtc/v4"
)

const (
	highWater = 1024 * 1024
	lowWater  = 256 * 1024
	atOnce    = 10
)

// pour keeps the channel's queue between the water marks until stop is closed.
func pour(channel *webrtc.DataChannel, size int, stop <-chan struct{}) {
	message := make([]byte, size)
	low := make(chan struct{}, 1)
	channel.SetBufferedAmountLowThreshold(lowWater)
	channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	for {
		for channel.BufferedAmount() < highWater {
			if channel.Send(message) != nil {
				return
			}
		}
		select {
		case <-low:
		case <-stop:
			return
		}
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second))
}

// count what arrives on the channels between the warm-up and its end.
func count(channels []*webrtc.DataChannel, c command) map[string]any {
	var bytes atomic.Int64
	for _, channel := range channels {
		channel.OnMessage(func(m webrtc.DataChannelMessage) { bytes.Add(int64(len(m.Data))) })
	}
	time.Sleep(seconds(c.Warmup))
	start, from, before := time.Now(), bytes.Load(), cpuSeconds()
	time.Sleep(seconds(c.Seconds))
	return map[string]any{
		"bytes": bytes.Load() - from, "seconds": time.Since(start).Seconds(), "cpuSeconds": cpuSeconds() - before,
	}
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
func ping(channel *webrtc.DataChannel, c command) map[string]any {
	message := make([]byte, c.Size)
	back := make(chan time.Time, 1)
	channel.OnMessage(func(webrtc.DataChannelMessage) { back <- time.Now() })
	var times []time.Duration
	warm := time.Now().Add(300 * time.Millisecond)
	for end := warm.Add(seconds(c.Seconds)); time.Now().Before(end); {
		sent := time.Now()
		if channel.Send(message) != nil {
			break
		}
		if now := <-back; now.After(warm) {
			times = append(times, now.Sub(sent))
		}
	}
	slices.Sort(times)
	at := func(part float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return float64(times[int(float64(len(times))*part)].Nanoseconds()) / 1000
	}
	return map[string]any{"p50": at(0.5), "p99": at(0.99), "count": len(times)}
}

func echo(channel *webrtc.DataChannel) {
	channel.OnMessage(func(m webrtc.DataChannelMessage) { _ = channel.Send(m.Data) })
}

func throughput(c command) (any, error) {
	var receivers []*webrtc.DataChannel
	stop := make(chan struct{})
	defer close(stop)
	var pairs []*pair
	for range c.Connections {
		p, err := connectPair()
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
		receivers = append(receivers, p.channels[1])
	}
	for _, p := range pairs {
		go pour(p.channels[0], c.Size, stop)
	}
	return count(receivers, c), nil
}

func roundtrip(c command) (any, error) {
	p, err := connectPair()
	if err != nil {
		return nil, err
	}
	echo(p.channels[1])
	return ping(p.channels[0], c), nil
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
