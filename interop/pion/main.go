// Pion behind the control protocol of the interop harness (see ../src/agent/protocol.ts):
// one JSON object per line on standard input and output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

type request struct {
	Seq       int             `json:"seq"`
	Cmd       string          `json:"cmd"`
	PC        string          `json:"pc"`
	Channel   string          `json:"channel"`
	Label     string          `json:"label"`
	Init      channelInit     `json:"init"`
	Trickle   bool            `json:"trickle"`
	Restart   bool            `json:"restart"`
	SDP       string          `json:"sdp"`
	Candidate json.RawMessage `json:"candidate"`
	Payload   payload         `json:"payload"`
	Count     int             `json:"count"`
	Size      int             `json:"size"`
	Track     string          `json:"track"`
	Kind      string          `json:"kind"`
	File      mediaFile       `json:"file"`
	Codec     codecChoice     `json:"codec"`

	Configuration configuration `json:"configuration"`
}

var output sync.Mutex

func write(message map[string]any) {
	line, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Printf("%s\n", line)
}

func main() {
	connections := map[string]*connection{}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<22)
	for input.Scan() {
		var r request
		if err := json.Unmarshal(input.Bytes(), &r); err != nil {
			panic(err)
		}
		result, err := handle(connections, r)
		if err != nil {
			write(map[string]any{"seq": r.Seq, "error": err.Error()})
		} else {
			write(map[string]any{"seq": r.Seq, "result": result})
		}
	}
}

func handle(connections map[string]*connection, r request) (map[string]any, error) {
	switch r.Cmd {
	case "hello":
		return map[string]any{"name": "Pion", "version": version()}, nil
	case "new":
		c, err := newConnection(r.PC, r.Configuration)
		connections[r.PC] = c
		return map[string]any{}, err
	}
	c := connections[r.PC]
	if c == nil {
		return nil, fmt.Errorf("no connection %s", r.PC)
	}
	if r.Cmd == "close" {
		delete(connections, r.PC)
	}
	return c.handle(r)
}

// version of pion/webrtc that this program was built with.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/pion/webrtc/v4" {
				return module.Version
			}
		}
	}
	return "unknown"
}
