// Pion as a worker of the benchmarks (see ../src/worker/protocol.ts): one JSON object per line on standard
// input, one answer per line on standard output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/pion/webrtc/v4"
)

type command struct {
	Cmd         string  `json:"cmd"`
	SDP         string  `json:"sdp"`
	Connections int     `json:"connections"`
	Size        int     `json:"size"`
	Warmup      float64 `json:"warmup"`
	Seconds     float64 `json:"seconds"`
	Count       int     `json:"count"`
	Rounds      int     `json:"rounds"`
	// Of TURN servers, and of routes.
	Address    string    `json:"address"`
	PID        int       `json:"pid"`
	Rate       int       `json:"rate"`
	Window     int       `json:"window"`
	Route      *iceRoute `json:"route"`
	Unreliable bool      `json:"unreliable"`
	// Of media operations.
	ID     string              `json:"id"`
	Inputs map[string][]string `json:"inputs"`
}

// half is the end that this process holds when the other one is elsewhere.
var half *end

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	for input.Scan() {
		var c command
		err := json.Unmarshal(input.Bytes(), &c)
		var answer any
		if err == nil {
			answer, err = handle(c)
		}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		line, err := json.Marshal(answer)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s\n", line)
	}
}

func handle(c command) (any, error) {
	done := map[string]any{}
	switch c.Cmd {
	case "hello":
		return map[string]any{"name": "Pion", "version": version()}, nil
	case "throughput":
		return throughput(c)
	case "roundtrip":
		return roundtrip(c)
	case "connect":
		return connect(c)
	case "connect-at-once":
		return connectAtOnce(c)
	case "memory":
		return memory(c)
	case "offer", "answer", "accept":
		return describe(c)
	case "inputs":
		return takeInputs(c)
	case "operation":
		return measureOperation(c)
	case "packets":
		return packets(c)
	case "relay-publisher":
		return relayPublisher(c)
	case "relay-viewer":
		return relayViewer(c)
	case "cpu":
		return cpu(c)
	case "turn-server":
		return startTurnServer(c)
	case "collect":
		return collect()
	case "turn-load":
		return turnLoad(c)
	case "forward-load":
		return forwardLoad(c)
	case "turn-allocate":
		return turnAllocate(c)
	case "turn-release":
		return turnRelease()
	}
	if half == nil {
		return nil, fmt.Errorf("%s without a connection", c.Cmd)
	}
	channel := <-half.open
	half.open <- channel
	switch c.Cmd {
	case "opened":
		return done, nil
	case "send":
		return send(channel, c), nil
	case "receive":
		return receive([]*webrtc.DataChannel{channel}, c)
	case "ping":
		return ping(channel, c)
	case "echo":
		echo(channel)
		return done, nil
	}
	return nil, fmt.Errorf("no command %s", c.Cmd)
}

func describe(c command) (any, error) {
	var err error
	if half == nil {
		if half, err = newEnd(); err != nil {
			return nil, err
		}
	}
	unreliable = c.Unreliable
	gathered := webrtc.GatheringCompletePromise(half.pc)
	switch c.Cmd {
	case "offer":
		_, err = half.offer()
	case "answer":
		_, err = half.answer(c.SDP)
	case "accept":
		return map[string]any{}, half.accept(c.SDP)
	}
	if err != nil {
		return nil, err
	}
	<-gathered
	return map[string]any{"sdp": half.pc.LocalDescription().SDP}, nil
}

// version of pion/webrtc that this program was built with.
func version() string {
	return moduleVersion("github.com/pion/webrtc/v4")
}
