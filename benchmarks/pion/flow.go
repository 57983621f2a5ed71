package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

const (
	highWater = 1024 * 1024
	lowWater  = 256 * 1024
	// See ../src/worker/flow.ts.
	turned = 0x6b616f6e
	whole  = 1024
)

// pour keeps the channel's queue between the water marks with numbered messages until stop is closed.
func pour(channel *webrtc.DataChannel, size int, stop <-chan struct{}) {
	message := make([]byte, size)
	for i := range message {
		message[i] = byte(i)
	}
	low := make(chan struct{}, 1)
	channel.SetBufferedAmountLowThreshold(lowWater)
	channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	for number := uint32(0); ; {
		for channel.BufferedAmount() < highWater {
			binary.BigEndian.PutUint32(message, number)
			binary.BigEndian.PutUint32(message[size-4:], number^turned)
			number++
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

// reader reads what pour sends.
type reader struct {
	bytes, messages, corrupt, disordered, next atomic.Int64
}

func (r *reader) read(data []byte) {
	r.bytes.Add(int64(len(data)))
	r.messages.Add(1)
	number := binary.BigEndian.Uint32(data)
	if binary.BigEndian.Uint32(data[len(data)-4:]) != number^turned || number%whole == 0 && !isWhole(data) {
		r.corrupt.Add(1)
	}
	if int64(number) != r.next.Load() {
		r.disordered.Add(1)
	}
	if int64(number) >= r.next.Load() {
		r.next.Store(int64(number) + 1)
	}
}

func isWhole(data []byte) bool {
	for i := 4; i < len(data)-4; i++ {
		if data[i] != byte(i) {
			return false
		}
	}
	return true
}

// receive counts and verifies what arrives on the channels between the warm-up and its end.
func receive(channels []*webrtc.DataChannel, c command) (any, error) {
	readers := make([]reader, len(channels))
	for i, channel := range channels {
		channel.OnMessage(func(m webrtc.DataChannelMessage) { readers[i].read(m.Data) })
	}
	sum := func(of func(*reader) *atomic.Int64) int64 {
		total := int64(0)
		for i := range readers {
			total += of(&readers[i]).Load()
		}
		return total
	}
	bytesOf := func(r *reader) *atomic.Int64 { return &r.bytes }
	messagesOf := func(r *reader) *atomic.Int64 { return &r.messages }
	nextOf := func(r *reader) *atomic.Int64 { return &r.next }
	time.Sleep(seconds(c.Warmup))
	start, before := time.Now(), cpuSeconds()
	bytes, messages, next := sum(bytesOf), sum(messagesOf), sum(nextOf)
	each := make([]int64, len(readers))
	for i := range readers {
		each[i] = readers[i].bytes.Load()
	}
	time.Sleep(seconds(c.Seconds))
	used, took := cpuSeconds()-before, time.Since(start).Seconds()
	for i := range readers {
		each[i] = readers[i].bytes.Load() - each[i]
	}
	if corrupt := sum(func(r *reader) *atomic.Int64 { return &r.corrupt }); corrupt > 0 {
		return nil, fmt.Errorf("%d messages are not what was sent", corrupt)
	}
	disordered := sum(func(r *reader) *atomic.Int64 { return &r.disordered })
	if !c.Unreliable && disordered > 0 {
		return nil, fmt.Errorf("%d messages out of turn", disordered)
	}
	came := sum(messagesOf) - messages
	return map[string]any{
		"bytes": sum(bytesOf) - bytes, "messages": came, "lost": max(0, sum(nextOf)-next-came),
		"seconds": took, "cpuSeconds": used, "rss": rss(), "each": each,
	}, nil
}

func throughput(c command) (any, error) {
	var receivers []*webrtc.DataChannel
	stop := make(chan struct{})
	defer close(stop)
	unreliable = c.Unreliable
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
	return receive(receivers, c)
}

// connectAtOnce connects pairs at once, three times over, the first of which warms up; the faster of the two others.
func connectAtOnce(c command) (any, error) {
	best, used := 0.0, 0.0
	for round := range 3 {
		start, before := time.Now(), cpuSeconds()
		pairs, errs := make([]*pair, c.Count), make([]error, c.Count)
		var group sync.WaitGroup
		for i := range pairs {
			group.Add(1)
			go func() {
				defer group.Done()
				pairs[i], errs[i] = connectPair()
			}()
		}
		group.Wait()
		took, cpu := time.Since(start).Seconds()*1000, cpuSeconds()-before
		for i := range pairs {
			if errs[i] != nil {
				return nil, errs[i]
			}
			pairs[i].close()
		}
		if round > 0 && (best == 0 || took < best) {
			best, used = took, cpu
		}
		time.Sleep(300 * time.Millisecond)
	}
	return map[string]any{"milliseconds": best, "cpuSeconds": used}, nil
}
