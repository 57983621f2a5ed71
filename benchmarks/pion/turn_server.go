package main

import (
	"fmt"
	"net"
	"runtime/debug"

	"github.com/pion/turn/v5"
)

// Who may use the TURN servers of the benchmarks; see ../src/connectivity/turn-servers.ts.
const (
	turnRealm    = "bench"
	turnUser     = "u"
	turnPassword = "p"
)

var turnServer *turn.Server

// startTurnServer opens pion/turn on a free UDP port of the address, as its own example does.
func startTurnServer(c command) (any, error) {
	ip := net.ParseIP(c.Address)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ip})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	_ = conn.SetWriteBuffer(4 << 20)
	key := turn.GenerateAuthKey(turnUser, turnRealm, turnPassword)
	turnServer, err = turn.NewServer(turn.ServerConfig{
		Realm: turnRealm,
		AuthHandler: func(attributes *turn.RequestAttributes) (string, []byte, bool) {
			return attributes.Username, key, attributes.Username == turnUser
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: ip, Address: c.Address},
		}},
	})
	if err != nil {
		return nil, err
	}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	return map[string]any{"port": port, "version": moduleVersion("github.com/pion/turn/v5")}, nil
}

// collect gives back what memory is not needed.
func collect() (any, error) {
	debug.FreeOSMemory()
	if turnServer == nil {
		return map[string]any{"allocations": 0}, nil
	}
	return map[string]any{"allocations": turnServer.AllocationCount()}, nil
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == path {
				return module.Version
			}
		}
	}
	return fmt.Sprintf("%s of unknown version", path)
}
